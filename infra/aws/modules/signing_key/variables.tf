variable "name" {
  description = "Name of the key, without `alias/`."
  type        = string
}

variable "description" {
  description = "What the key signs."
  type        = string
}

variable "region" {
  description = "Region of the key; null for that of the provider."
  type        = string
  default     = null
}

variable "statements" {
  description = "Statements of the key's policy that state who signs, and under which conditions."
  type        = any
}
