variable "name" {
  description = "Name of the web service."
  type        = string
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "package" {
  description = "ZIP file with check.py, which bin/infrastructure makes."
  type        = string
}

variable "host" {
  description = "Host name in the certificate of the load balancer."
  type        = string
}

variable "load_balancer" {
  description = "Name of the load balancer in metrics, such as app/name/0123456789abcdef."
  type        = string
}

variable "test_port" {
  description = "Port of the test listener."
  type        = number
  default     = 8443
}

variable "subnet_ids" {
  description = "Subnets without a route to the internet."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the check."
  type        = string
}

variable "log_key_arn" {
  description = "Key that encrypts logs and the function's settings."
  type        = string
}
