# Alarms on one metric, one for each severity: `warning` can wait for working hours, `critical` cannot.
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.thresholds

  region              = var.region
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = var.description
  namespace           = var.namespace
  metric_name         = var.metric
  dimensions          = var.dimensions
  statistic           = startswith(var.statistic, "p") ? null : var.statistic
  extended_statistic  = startswith(var.statistic, "p") ? var.statistic : null
  period              = var.period
  evaluation_periods  = var.periods
  comparison_operator = var.is_minimum ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value
  treat_missing_data  = var.missing_data
  alarm_actions       = [var.topics[each.key]]
  ok_actions          = [var.topics[each.key]]
}
