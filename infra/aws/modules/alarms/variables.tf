variable "name" {
  description = "Prefix of the names of the alarms."
  type        = string
}

variable "region" {
  description = "Region of the metrics; null for that of the provider."
  type        = string
  default     = null
}

variable "topics" {
  description = "ARN of the topic of each severity, in the region of the metrics."
  type        = map(string)
}

variable "alarms" {
  description = <<-EOT
    Alarms by name: what has happened, and the metric that shows it. `statistic` is Sum, Average, Minimum, Maximum, or a
    percentile such as p95; so many `periods` of `period` seconds in a row must exceed a threshold, or fall below it if
    `is_minimum`. `missing_data` states what a period without data means.
  EOT
  type = map(object({
    description  = string
    namespace    = string
    metric       = string
    dimensions   = optional(map(string), {})
    statistic    = optional(string, "Sum")
    period       = optional(number, 60)
    periods      = optional(number, 1)
    is_minimum   = optional(bool, false)
    missing_data = optional(string, "notBreaching")
    thresholds   = map(number)
  }))

  validation {
    condition     = alltrue([for alarm in var.alarms : length(setsubtract(keys(alarm.thresholds), ["warning", "critical"])) == 0])
    error_message = "The severities are warning and critical."
  }
  validation {
    condition     = alltrue([for alarm in var.alarms : contains(["notBreaching", "breaching"], alarm.missing_data)])
    error_message = "missing_data must be notBreaching or breaching."
  }
}
