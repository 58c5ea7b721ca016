# The paper, from sources beside the workflow.


rule paper_pdf:
    input:
        main=brought("paper/main.tex"),
        tex=paper_files(),
        numbers=rules.numbers.output,
        captions=rules.captions.output,
        figures=rules.figures.output.pdf,
        tables=rules.tables.output.tex,
    output:
        "<results>/paper.pdf",
    log:
        "<logs>/paper.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        packages=brought("envs/tex-packages.txt"),
        study=STUDY.name,
        folder=subpath(input.main, parent=True),
        places=typeset_from,
    shell:
        "({{ command -v latexmk && command -v biber; }} > /dev/null"
        " || {{ echo TeX is missing. Debian packages that bring it: $(< {params.packages:q}) >&2; exit 1; }};"
        " cd {params.folder:q}; STUDY={params.study:q} RESULTS={params.places[0]:q}"
        " FIGURES={params.places[1]:q} latexmk) > {log:q} 2>&1"


localrules:
    paper_pdf,
    paper,


rule paper:
    input:
        rules.paper_pdf.output,
