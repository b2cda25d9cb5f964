variable "name" {
  description = "Name of the role."
  type        = string
}

variable "service" {
  description = "Service of AWS that assumes it, such as codedeploy.amazonaws.com."
  type        = string
}

variable "account" {
  description = "Account for which the service must act; null for a service that does not document that it states it."
  type        = string
}

variable "policy_name" {
  description = "Name of the policy: what the role may do."
  type        = string
}

variable "statements" {
  description = "Statements of the policy."
  type        = any
}
