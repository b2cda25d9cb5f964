variable "name" {
  description = "Name of the load balancer, at most 30 characters."
  type        = string

  validation {
    condition     = length(var.name) <= 30
    error_message = "name must have at most 30 characters, because names of target groups have at most 32."
  }
}

variable "vpc_id" {
  description = "Identifier of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, one in each zone."
  type        = list(string)
}

variable "is_internal" {
  description = "Whether the load balancer has private addresses only."
  type        = bool
}

variable "process_port" {
  description = "Port of the web processes."
  type        = number
}

variable "test_port" {
  description = "Port of the test listener."
  type        = number
  default     = 8443
}

variable "certificate_arn" {
  description = "Certificate of the host name."
  type        = string
}

variable "log_bucket" {
  description = "Bucket for access logs."
  type        = string
}

variable "security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}
