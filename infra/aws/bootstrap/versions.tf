terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }

  # Its path, one for each environment, is stated by bin/infrastructure.
  backend "local" {}
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
}
