# Result tables ─▶ figures, tables, numbers and captions. One job draws all figures, one writes all
# tables: to start Python takes longer than most of them.


rule figures:
    input:
        code=figure_code(),
        statistics=rules.statistics.output[0],
    output:
        pdf=expand("<figures>/{name}.pdf", name=FIGURES),
        png=[shown("figure", name, f"<figures>/{name}.png") for name in FIGURES],
    log:
        "<logs>/figures.log",
    benchmark:
        "<benchmarks>/figures.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        names=FIGURES,
        folder=subpath(output[0], parent=True),
    shell:
        "nagbench figure {params.names} --statistics {input.statistics:q} --folder {params.folder:q}"
        " --format pdf,png --processes {threads} > {log:q} 2>&1"


rule tables:
    input:
        code=sources("nagbench.rendering.table_files", *DRAWING),
        statistics=rules.statistics.output[0],
    output:
        tex=expand("<results>/tables/{name}.tex", name=TABLES),
        csv=[shown("table", name, f"<results>/tables/{name}.csv") for name in TABLES],
        md=expand("<results>/tables/{name}.md", name=TABLES),
    log:
        "<logs>/tables.log",
    benchmark:
        "<benchmarks>/tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        names=list(TABLES),
        folder=subpath(output[0], parent=True),
    shell:
        "nagbench table {params.names} --statistics {input.statistics:q} --folder {params.folder:q}"
        " --format tex,csv,md > {log:q} 2>&1"


rule numbers:
    input:
        code=sources("nagbench.rendering.numbers"),
        statistics=rules.statistics.output[0],
    output:
        "<results>/paper/numbers.tex",
    log:
        "<logs>/numbers.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    shell:
        "nagbench numbers --statistics {input.statistics:q} --output {output:q} > {log:q} 2>&1"


rule captions:
    input:
        code=sources("nagbench.rendering.captions"),
        captions=caption_files(),
        statistics=rules.statistics.output[0],
    output:
        "<results>/paper/captions.tex",
    log:
        "<logs>/captions.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        folder=caption_folder,
    shell:
        "nagbench captions --statistics {input.statistics:q} --report {params.folder:q}"
        " --output {output:q} > {log:q} 2>&1"


localrules:
    numbers,
    captions,
