variable "name" {
  description = "Prefix of names: the service and the environment, such as alert-staging."
  type        = string
}

variable "environment" {
  description = "Name of the environment, which is also that of GitHub's environment with its approvals."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "environment must be staging or production."
  }
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "region" {
  description = "Region of the state."
  type        = string
  default     = "ca-central-1"
}

variable "repository" {
  description = "Repository on GitHub whose workflows may act here, such as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "repository must be owner/name."
  }
}
