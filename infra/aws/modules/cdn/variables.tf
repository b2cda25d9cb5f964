variable "name" {
  description = "Name of the distribution."
  type        = string
}

variable "host" {
  description = "Host name from which phones download."
  type        = string
}

variable "origin_host" {
  description = "Host name of the origin, which its certificate has."
  type        = string
}

variable "origin_header" {
  description = "Header field, in lower case, in which the origin expects the secret."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of the host name, in us-east-1."
  type        = string
}

variable "firewall_arn" {
  description = "Firewall in front."
  type        = string
}

variable "is_cached" {
  description = "Whether archives are kept; false where a promotion must see at once what was uploaded."
  type        = bool
  default     = true
}

variable "downloads" {
  description = "Host name of the bucket with archives under their addresses, and the path of its folder."
  type        = object({ host = string, path = string })
}

variable "log_bucket_arn" {
  description = "Bucket for access logs."
  type        = string
}
