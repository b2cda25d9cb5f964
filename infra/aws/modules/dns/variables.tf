variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "domain" {
  description = "Domain of all host names."
  type        = string
}

variable "security_address" {
  description = "E-mail address to which authorities report certificates that they refused to issue."
  type        = string
}

variable "mail_domain" {
  description = "Domain of the sender of e-mail: the domain itself, or one below it."
  type        = string
}

variable "vpc_id" {
  description = "VPC in which private names exist."
  type        = string
}
