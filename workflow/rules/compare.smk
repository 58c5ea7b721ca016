# An optimizer of the user's beside the study's baseline, both trained in one job, and their card.


rule compare:
    input:
        code=compared_code(),
        study=STUDY_FILES,
        data=rules.data.output,
        records=committed_records(),
    output:
        html=f"results/{COMPARED}/card.html",
        pdf=f"results/{COMPARED}/card.pdf",
    log:
        f"results/{COMPARED}/logs/compare.log",
    benchmark:
        f"results/{COMPARED}/benchmarks/compare.tsv"
    conda:
        ENVIRONMENT
    threads: workflow.cores
    resources:
        gpu=gpus_of_a_job,
        mem_mb=8000,
        runtime=1440,
    params:
        reference=config["compare"],
        study=GIVEN["study"],
        results=RESULTS,
        records=committed_folder(),
        device=device_argument,
    shell:
        "nagbench compare {params.reference:q} --study {params.study:q} --data {input.data:q}"
        " --results {params.results:q} --records {params.records:q} --device {params.device}"
        " > {log:q} 2>&1"
