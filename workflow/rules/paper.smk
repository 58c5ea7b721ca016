# The paper, and the report that shows every result beside the job that made it.


rule paper_pdf:
    input:
        main=local("paper/main.tex"),
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
        packages="envs/tex-packages.txt",
        study=STUDY.name,
        folder=subpath(input.main, parent=True),
    shell:
        "({{ command -v latexmk && command -v biber; }} > /dev/null"
        " || {{ echo TeX is missing. Debian packages that bring it: $(< {params.packages:q}) >&2; exit 1; }};"
        " cd {params.folder:q}; STUDY={params.study:q} latexmk) > {log:q} 2>&1"


# Snakemake collects a report from what it noted of finished jobs, so a second Snakemake makes it once
# the results are there. As a rule of its own, unlike `snakemake --report` by hand, it is made again
# exactly when a result changed. It needs neither the lock, which the first Snakemake holds, nor a network.
rule report_html:
    input:
        rules.figures.output,
        rules.tables.output,
        captions=caption_files(),
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        config=config_arguments,
    shell:
        "snakemake --report {output:q} --nolock"
        " --config {params.config:q} -- figures tables > {log:q} 2>&1"


localrules:
    paper_pdf,
    report_html,
    paper,
    report,


rule paper:
    input:
        rules.paper_pdf.output,


rule report:
    input:
        rules.report_html.output,
        rules.explore_html.output,
