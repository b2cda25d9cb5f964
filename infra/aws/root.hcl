# What the stacks have in common. Terragrunt runs Terraform in `service` with the two files of an environment; without
# Terragrunt, bin/infrastructure does the same.
locals {
  image = run_cmd("--terragrunt-quiet", "${get_repo_root()}/bin/running-image", "alert-${basename(get_original_terragrunt_dir())}")
}

terraform {
  source = "${get_parent_terragrunt_dir()}//service"

  extra_arguments "backend" {
    commands  = ["init"]
    arguments = ["-backend-config=${get_terragrunt_dir()}/backend.hcl"]
  }

  extra_arguments "environment" {
    commands           = get_terraform_commands_that_need_vars()
    required_var_files = ["${get_terragrunt_dir()}/environment.tfvars"]
  }

  # The image stays the one that runs; the commit is what bin/check-drift compares with.
  extra_arguments "release" {
    commands = ["plan", "apply"]
    arguments = concat(
      local.image == "" ? [] : ["-var=image_tag=${local.image}"],
      ["-var=applied=${run_cmd("--terragrunt-quiet", "git", "rev-parse", "HEAD")}"],
    )
  }

  before_hook "deployment_check" {
    commands = ["plan", "apply"]
    execute  = ["python3", "-m", "zipfile", "-c", "deployment_check.zip", "../modules/deployment_check/check.py"]
  }
}
