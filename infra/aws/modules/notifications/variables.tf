variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "region" {
  description = "Region of the topics."
  type        = string
}

variable "subscriptions" {
  description = "E-mail addresses or https:// addresses of each severity."
  type        = map(list(string))
}
