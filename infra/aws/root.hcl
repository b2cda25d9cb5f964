# What the stacks have in common. Terragrunt runs Terraform in `service` with the two files of an environment; without
# Terragrunt, bin/infrastructure does the same.
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

  before_hook "deployment_check" {
    commands = ["plan", "apply"]
    execute  = ["python3", "-m", "zipfile", "-c", "deployment_check.zip", "../modules/deployment_check/check.py"]
  }
}
