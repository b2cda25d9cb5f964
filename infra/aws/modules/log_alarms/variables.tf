variable "name" {
  description = "Namespace of the metrics, and prefix of the names of the alarms."
  type        = string
}

variable "log_groups" {
  description = "Log groups of all processes."
  type        = map(string)
}

variable "topics" {
  description = "ARN of the topic of each severity."
  type        = map(string)
}

variable "alarms" {
  description = <<-EOT
    Alarms by name: what has happened, the processes whose lines are counted, the texts that a line must hold, and the
    seconds of a period. More lines than a threshold raise the alarm. A heartbeat must appear: fewer lines raise it.
  EOT
  type = map(object({
    description  = string
    processes    = list(string)
    terms        = list(string)
    period       = number
    is_heartbeat = optional(bool, false)
    thresholds   = map(number)
  }))
}
