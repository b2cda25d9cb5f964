# Alarms from objectives: infra/objectives.py generates objectives.json from objectives.yaml. An alarm is raised while
# failures spend the error budget too fast in a long and in a short window: not for a spike, and not long after it.
locals {
  objectives = { for each in jsondecode(file("${path.module}/objectives.json")) : "${each.surface}-${each.policy}" => each }
  windows = merge([for name, objective in local.objectives : {
    for window, seconds in objective.windows : "${name}-${window}" => merge(objective, { seconds = seconds })
  }]...)
}

resource "aws_cloudwatch_metric_alarm" "burn" {
  for_each = local.windows

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "Share of failed requests to ${each.value.surface} in ${each.value.seconds} seconds, for the objective"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.share
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "share"
    label       = "Share of failed requests"
    expression  = "IF(requests > 0, FILL(failures, 0) / requests, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { requests = "RequestCount", failures = "HTTPCode_Target_5XX_Count" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = { LoadBalancer = module.load_balancer[each.value.surface].arn_suffix }
        period      = each.value.seconds
        stat        = "Sum"
      }
    }
  }

  #checkov:skip=CKV_AWS_319:The composite alarm below acts
}

resource "aws_cloudwatch_composite_alarm" "burn" {
  for_each = local.objectives

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = "Requests to ${each.value.surface} fail so often that the error budget will be spent too soon"
  alarm_actions     = [local.topics["critical"]]
  ok_actions        = [local.topics["critical"]]
  alarm_rule = join(" AND ", [
    for window in keys(each.value.windows) : "ALARM(\"${aws_cloudwatch_metric_alarm.burn["${each.key}-${window}"].alarm_name}\")"
  ])
}
