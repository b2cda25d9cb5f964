# Alarms on metrics of one region, each with a threshold for each severity: `warning` can wait for working hours,
# `critical` cannot.
locals {
  thresholds = merge([for name, alarm in var.alarms : {
    for severity, threshold in alarm.thresholds : "${name}-${severity}" => merge(alarm, { severity = severity, threshold = threshold })
  }]...)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.thresholds

  region              = var.region
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = each.value.period
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.is_minimum ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing_data
  alarm_actions       = [var.topics[each.value.severity]]
  ok_actions          = [var.topics[each.value.severity]]
}
