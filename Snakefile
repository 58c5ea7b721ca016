# The entry in a clone; workflow/Snakefile, where the workflow begins, may be run or imported as well.
# Unlike the directive `include:`, this takes over the rule that is made by default.
workflow.include("workflow/Snakefile", overwrite_default_target=True)
