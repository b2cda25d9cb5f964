variable "name" {
  description = "Name of the alarm, without its severity."
  type        = string
}

variable "description" {
  description = "What has happened, and where to read what to do."
  type        = string
}

variable "region" {
  description = "Region of the metric; null for that of the provider."
  type        = string
  default     = null
}

variable "namespace" {
  description = "Namespace of the metric."
  type        = string
}

variable "metric" {
  description = "Name of the metric."
  type        = string
}

variable "dimensions" {
  description = "Dimensions of the metric."
  type        = map(string)
  default     = {}
}

variable "statistic" {
  description = "Sum, Average, Minimum, Maximum, or a percentile such as p95."
  type        = string
  default     = "Sum"
}

variable "period" {
  description = "Seconds of a period."
  type        = number
  default     = 60
}

variable "periods" {
  description = "Periods in a row that must exceed the threshold."
  type        = number
  default     = 1
}

variable "is_minimum" {
  description = "Whether the alarm is raised below the threshold."
  type        = bool
  default     = false
}

variable "thresholds" {
  description = "Threshold of each severity."
  type        = map(number)

  validation {
    condition     = length(setsubtract(keys(var.thresholds), ["warning", "critical"])) == 0
    error_message = "The severities are warning and critical."
  }
}

variable "missing_data" {
  description = "What a period without data means: notBreaching or breaching."
  type        = string
  default     = "notBreaching"

  validation {
    condition     = contains(["notBreaching", "breaching"], var.missing_data)
    error_message = "missing_data must be notBreaching or breaching."
  }
}

variable "topics" {
  description = "ARN of the topic of each severity, in the region of the metric."
  type        = map(string)
}
