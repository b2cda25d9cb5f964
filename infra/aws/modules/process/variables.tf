variable "name" {
  description = "Name of the process, such as exposure-alert-staging-worker-portal."
  type        = string
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "region" {
  description = "Region of the process."
  type        = string
}

variable "program" {
  description = "Name of the process in the Procfile."
  type        = string

  validation {
    condition     = contains(["web", "worker", "clock", "release"], var.program)
    error_message = "program must be a process of the Procfile: web, worker, clock or release."
  }
}

variable "port" {
  description = "Port of a web process; null for other programs."
  type        = number
  default     = null
}

variable "image" {
  description = "Image with its digest or tag."
  type        = string
}

variable "cpu" {
  description = "Share of a CPU, of 1024."
  type        = number
}

variable "memory" {
  description = "Memory in MiB."
  type        = number
}

variable "environment" {
  description = "Settings that are no secrets."
  type        = map(string)
}

variable "secret_arns" {
  description = "Settings that are secrets, and the ARN of each; `:password::` at the end selects one field."
  type        = map(string)
}

variable "archives" {
  description = "Where the process keeps archives; null if it keeps none."
  type = object({
    bucket_arn  = string
    prefixes    = list(string)
    kms_key_arn = string
  })
  default = null
}

variable "signing_key_arns" {
  description = "Keys with which the process signs archives; none if it signs none."
  type        = list(string)
  default     = []
}

variable "repository_arn" {
  description = "Repository of the image."
  type        = string
}

variable "secret_key_arns" {
  description = "Keys that encrypt the secrets."
  type        = list(string)
}

variable "log_key_arn" {
  description = "Key that encrypts logs."
  type        = string
}
