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
  description = "Services of AWS that write to the bucket; without a prefix, the actions are on the bucket itself."
  type = list(object({
    sid     = string
    service = string
    actions = list(string)
    prefix  = optional(string)
    account = string
  }))
  default = []
}
