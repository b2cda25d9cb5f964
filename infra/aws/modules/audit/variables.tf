variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "account" {
  description = "Number of the AWS account."
  type        = string
}

variable "own_roles" {
  description = "Patterns of ARNs of the roles that may use keys and secrets without an alarm."
  type        = list(string)
}

variable "key_arns" {
  description = "Keys whose use by others raises an alarm."
  type        = list(string)
}

variable "watched_bucket_prefixes" {
  description = "ARNs of objects, or their beginnings, whose use is recorded."
  type        = list(string)
}

variable "signing_keys" {
  description = "Keys that sign, by what they sign: their region (null for that of the provider), and the roles that may use them."
  type = map(object({
    region = string
    arns   = list(string)
    roles  = list(string)
  }))
}

variable "critical_topic_arns" {
  description = "Topics for the alarms: in the region of the provider, and in us-east-1."
  type        = object({ regional = string, global = string })
}

variable "log_key_arn" {
  description = "Key that encrypts logs."
  type        = string
}
