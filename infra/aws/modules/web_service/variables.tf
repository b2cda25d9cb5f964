variable "name" {
  description = "Name of the service."
  type        = string
}

variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
}

variable "task_definition_arn" {
  description = "First task definition; later ones are chosen by CodeDeploy."
  type        = string
}

variable "tasks" {
  description = "Least and largest number of tasks."
  type = object({
    minimum = number
    maximum = number
  })

  validation {
    condition     = var.tasks.minimum >= 1 && var.tasks.maximum >= var.tasks.minimum
    error_message = "tasks.minimum must be at least 1, and tasks.maximum at least as much."
  }
}

variable "port" {
  description = "Port of the processes."
  type        = number
}

variable "subnet_ids" {
  description = "Subnets without a route to the internet."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the processes."
  type        = string
}

variable "target_groups" {
  description = "The two target groups, blue first."
  type = list(object({
    name = string
    arn  = string
  }))
}

variable "listener_arns" {
  description = "Listeners of the load balancer."
  type = object({
    production = string
    test       = string
  })
}

variable "codedeploy_role_arn" {
  description = "Role of CodeDeploy."
  type        = string
}

variable "alarm_names" {
  description = "Alarms that stop a deployment and move traffic back."
  type        = list(string)
}

variable "warning_topic_arn" {
  description = "Topic for messages about failed deployments."
  type        = string
}

variable "canary_minutes" {
  description = "Minutes for which a tenth of the traffic tries a release."
  type        = number
  default     = 10
}

variable "keep_blue_minutes" {
  description = "Minutes for which the previous release keeps running."
  type        = number
  default     = 30
}
