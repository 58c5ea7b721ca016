# Records and result tables ─▶ one page to look at them in a browser, without a server or a network.


rule explore_html:
    input:
        code=statistics_code(),
        page=sources(
            "nagbench.exploring.page",
            "nagbench.exploring.content",
            "nagbench.rendering.records_behind",
            "nagbench.rendering.terminal",
        ),
        study=STUDY_FILE,
        extends=STUDY_FILES[1:],
        runs=f"{RECORDS}/runs.parquet",
        curves=f"{RECORDS}/curves.parquet",
        sums=f"{RECORDS}/SHA256SUMS",
        more=records_beside(),
        statistics=rules.statistics.output[0],
    output:
        "<results>/explore.html",
    log:
        "<logs>/explore.log",
    benchmark:
        "<benchmarks>/explore.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        records=subpath(input.runs, parent=True),
    shell:
        "nagbench explore {input.study:q} --statistics {input.statistics:q} --records {params.records:q}"
        " --output {output:q} > {log:q} 2>&1"


localrules:
    explore,


rule explore:
    input:
        rules.explore_html.output,
