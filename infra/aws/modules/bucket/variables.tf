variable "name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects; null for the keys of S3."
  type        = string
  default     = null
}

variable "expiration_days" {
  description = "Days after which objects are deleted; null to keep them."
  type        = number
  default     = null
}

variable "noncurrent_days" {
  description = "Days for which a replaced or deleted object can be restored."
  type        = number
  default     = 7
}

variable "writers" {
  description = <<-EOT
    Services of AWS that use the bucket; without a prefix, the actions are on the bucket itself. `source` is how they state
    for whom they act: a condition key and patterns of ARNs, null for the number of this account, or empty for those that
    state nothing.
  EOT
  type = list(object({
    sid     = string
    service = string
    actions = list(string)
    prefix  = optional(string)
    source  = optional(map(list(string)))
  }))
  default = []
}
