variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "region" {
  description = "Region of the VPC."
  type        = string
}

variable "cidr_block" {
  description = "IPv4 addresses of the VPC, a /16."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && endswith(var.cidr_block, "/16")
    error_message = "cidr_block must be a /16, such as 10.0.0.0/16."
  }
}

variable "interface_endpoints" {
  description = "Services of AWS that the processes use, such as ecr.api, and the number of zones that offer each."
  type        = map(number)
}

variable "archive_bucket_arn" {
  description = "ARN of the only bucket that processes may use."
  type        = string
}

variable "log_key_arn" {
  description = "Key that encrypts logs."
  type        = string
}

variable "zones" {
  description = "Names of three availability zones."
  type        = list(string)

  validation {
    condition     = length(distinct(var.zones)) == 3
    error_message = "zones must be three different ones."
  }
}
