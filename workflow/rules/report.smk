# The report that shows every result beside the job that made it.


# Snakemake collects a report from what it noted of finished jobs, so a second Snakemake makes it once
# the results are there. As a rule of its own, unlike `snakemake --report` by hand, it is made again
# exactly when a result changed. It needs neither the lock, which the first Snakemake holds, nor a network.
rule report_html:
    input:
        figures=rules.figures.output,
        tables=rules.tables.output,
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
        snakefile=main_snakefile,
        config=config_arguments,
    shell:
        "snakemake --report {output:q} --nolock --snakefile {params.snakefile:q}"
        " --config {params.config:q} -- {input.figures[0]:q} {input.tables[0]:q} > {log:q} 2>&1"


localrules:
    report_html,
    report,


rule report:
    input:
        rules.report_html.output,
        rules.explore_html.output,
