variable "name" {
  description = "Name of the metric and of the alarm."
  type        = string
}

variable "description" {
  description = "What has happened, and where to read what to do."
  type        = string
}

variable "namespace" {
  description = "Namespace of the metric."
  type        = string
}

variable "log_groups" {
  description = "Log groups whose lines are counted, by name."
  type        = map(string)
}

variable "terms" {
  description = "Texts that a line must hold, such as msg and level."
  type        = list(string)
}

variable "period" {
  description = "Seconds of a period."
  type        = number
}

variable "thresholds" {
  description = "Threshold of each severity: more lines raise the alarm, or fewer if missing data are breaching."
  type        = map(number)
}

variable "missing_data" {
  description = "breaching if the lines must appear, else notBreaching."
  type        = string
  default     = "notBreaching"
}

variable "topics" {
  description = "ARN of the topic of each severity."
  type        = map(string)
}
