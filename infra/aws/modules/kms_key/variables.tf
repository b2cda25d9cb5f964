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
  description = "Services of AWS that use the key for this account, such as sns.amazonaws.com."
  type        = list(string)
  default     = []
}

variable "log_groups" {
  description = "ARN patterns of the log groups that the key encrypts; only for CloudWatch Logs."
  type        = list(string)
  default     = []
}
