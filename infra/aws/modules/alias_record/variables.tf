variable "zone_id" {
  description = "Zone of the record."
  type        = string
}

variable "host" {
  description = "Host name."
  type        = string
}

variable "types" {
  description = "Types of records: A, AAAA."
  type        = list(string)
  default     = ["A", "AAAA"]
}

variable "target" {
  description = "Host name and hosted zone of the load balancer or distribution, and whether Route 53 can evaluate its health."
  type = object({
    dns_name   = string
    zone_id    = string
    has_health = optional(bool, true)
  })
}
