variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "engine_version" {
  description = "Version of Aurora PostgreSQL with which the cluster is made; RDS installs later minor versions."
  type        = string
  default     = "17.5"
}

variable "instances" {
  description = "Number of instances: a writer, and standbys in other zones."
  type        = number

  validation {
    condition     = var.instances >= 2 && var.instances <= 3
    error_message = "instances must be 2 or 3: without a standby, the loss of a zone stops the service."
  }
}

variable "capacity" {
  description = "Least and largest Aurora capacity units of an instance, of 2 GiB each."
  type = object({
    minimum = number
    maximum = number
  })
}

variable "vpc_id" {
  description = "Identifier of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route to the internet."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key that encrypts the data and the owner's password."
  type        = string
}

variable "log_key_arn" {
  description = "Key that encrypts logs."
  type        = string
}
