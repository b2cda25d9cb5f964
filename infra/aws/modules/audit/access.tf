# A use of a secret or of a key by someone else than the service: a person, or a role that was taken over.
locals {
  # EventBridge limits the length of a pattern, so roles are named by the form of their names, not one by one.
  someone_else = [
    { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ anything-but = { wildcard = var.own_roles } }] } } } },
    { userIdentity = { type = ["IAMUser", "Root"] } },
  ]

  rules = {
    secret-used = {
      description = "A secret was read by someone else than the service"
      detail = {
        eventSource = ["secretsmanager.amazonaws.com"]
        eventName   = ["BatchGetSecretValue", "GetSecretValue", "PutSecretValue", "UpdateSecret"]
        "$or"       = local.someone_else
      }
    }
    key-used = {
      description = "A key was used by someone else than the service"
      detail = {
        eventSource = ["kms.amazonaws.com"]
        eventName   = ["CreateGrant", "Decrypt", "GenerateDataKey", "ReEncrypt"]
        resources   = { ARN = var.key_arns }
        "$or"       = local.someone_else
      }
    }
    key-changed = {
      description = "A key was disabled, or its policy changed"
      detail = {
        eventSource = ["kms.amazonaws.com"]
        eventName   = ["DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"]
      }
    }
    root-user = {
      description = "The root user of the account signed in or acted"
      detail      = { userIdentity = { type = ["Root"] } }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name        = "${var.name}-${each.key}"
  description = each.value.description
  # Decrypt and GetSecretValue only read; without this state, EventBridge gets no events of calls that only read.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    detail-type = ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"]
    detail      = each.value.detail
  })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = var.critical_topic_arn

  input_transformer {
    input_paths    = { who = "$.detail.userIdentity.arn", what = "$.detail.eventName", when = "$.time", from = "$.detail.sourceIPAddress" }
    input_template = "\"${each.value.description}: <what> by <who> from <from> at <when>. See docs/infrastructure.md.\""
  }
}
