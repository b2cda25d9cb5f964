variable "name" {
  description = "Name of the service."
  type        = string
}

variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
}

variable "task_definition_arn" {
  description = "Task definition of the process."
  type        = string
}

variable "tasks" {
  description = "Number of tasks."
  type        = number
}

variable "subnet_ids" {
  description = "Subnets without a route to the internet."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the process."
  type        = string
}
