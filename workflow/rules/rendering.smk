# Result tables ─▶ figures, tables, numbers and captions, and what the paper includes of them.


rule figure:
    input:
        code=figure_code,
        statistics=rules.statistics.output[0],
    output:
        pdf="<figures>/{figure}.pdf",
        png=report(
            "<figures>/{figure}.png",
            caption="../report/shared/caption.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        "<logs>/figures/{figure}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        caption=caption,
    shell:
        "nagbench figure {wildcards.figure} --statistics {input.statistics:q}"
        " --output {output.pdf:q} {output.png:q} > {log:q} 2>&1"


rule table:
    input:
        code=sources("nagbench.rendering.table_files", *DRAWING),
        statistics=rules.statistics.output[0],
    output:
        tex="<results>/tables/{table}.tex",
        csv=report(
            "<results>/tables/{table}.csv",
            caption="../report/shared/caption.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
        md="<results>/tables/{table}.md",
    log:
        "<logs>/tables/{table}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        caption=caption,
    shell:
        "nagbench table {wildcards.table} --statistics {input.statistics:q}"
        " --output {output.tex:q} {output.csv:q} {output.md:q} > {log:q} 2>&1"


rule numbers:
    input:
        code=sources("nagbench.rendering.numbers"),
        statistics=rules.statistics.output[0],
    output:
        "paper/generated/numbers.tex",
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
        "paper/generated/captions.tex",
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


rule paper_figure:
    input:
        rules.figure.output.pdf,
    output:
        "paper/generated/figures/{figure}.pdf",
    log:
        "<logs>/paper/figures/{figure}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    shell:
        "cp {input:q} {output:q} 2> {log:q}"


rule paper_table:
    input:
        rules.table.output.tex,
    output:
        "paper/generated/tables/{table}.tex",
    log:
        "<logs>/paper/tables/{table}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    shell:
        "cp {input:q} {output:q} 2> {log:q}"


localrules:
    numbers,
    captions,
    paper_figure,
    paper_table,
    figures,
    tables,


rule figures:
    input:
        expand(rules.figure.output, figure=FIGURES),


rule tables:
    input:
        expand(rules.table.output, table=TABLES),
