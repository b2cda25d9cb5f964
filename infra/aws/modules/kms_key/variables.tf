variable "name" {
  description = "Name of the key, without `alias/`."
  type        = string
}

variable "description" {
  description = "What the key encrypts."
  type        = string
}

variable "region" {
  description = "Region of the key; null for that of the provider."
  type        = string
  default     = null
}

variable "services" {
  description = <<-EOT
    Services of AWS that use the key. `source` is how they state for whom they act: a condition key and patterns of ARNs,
    null for the number of this account, or empty for those that state nothing.
  EOT
  type = list(object({
    names  = list(string)
    source = optional(map(list(string)))
  }))
  default = []
}
