# Alarms on lines of logs: lines that hold all terms of a pattern are counted, whatever their order.
locals {
  filters = merge([for name, alarm in var.alarms : {
    for process in alarm.processes : "${name} ${process}" => merge(alarm, { name = name, process = process })
  }]...)
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.filters

  name           = each.value.name
  log_group_name = var.log_groups[each.value.process]
  pattern        = join(" ", [for term in each.value.terms : "\"${replace(term, "\"", "\\\"")}\""])

  metric_transformation {
    namespace     = var.name
    name          = each.value.name
    value         = "1"
    default_value = each.value.is_heartbeat ? null : "0"
    unit          = "Count"
  }
}

module "alarms" {
  source = "../alarms"

  name   = var.name
  topics = var.topics
  alarms = { for name, alarm in var.alarms : name => {
    description  = alarm.description
    namespace    = var.name
    metric       = name
    period       = alarm.period
    is_minimum   = alarm.is_heartbeat
    missing_data = alarm.is_heartbeat ? "breaching" : "notBreaching"
    thresholds   = alarm.thresholds
  } }
}
