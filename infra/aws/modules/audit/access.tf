# A use of a secret or of a key by someone else than the service: a person, or a role that was taken over.
locals {
  # EventBridge limits the length of a pattern, so roles are named by the form of their names, not one by one.
  own_roles = { for name, roles in merge({ service = var.own_roles }, { for name, key in var.signing_keys : name => key.roles }) :
    name => [
      { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ anything-but = { wildcard = roles } }] } } } },
      { userIdentity = { type = ["IAMUser", "Root"] } },
    ]
  }

  # Events of us-east-1, where global services and their keys are, stay there.
  regions = { "" = null, "global-" = "us-east-1" }

  rules = merge(
    { secret-used = {
      region      = null
      description = "A secret was read by someone else than the service"
      detail = {
        eventSource = ["secretsmanager.amazonaws.com"]
        eventName   = ["BatchGetSecretValue", "GetSecretValue", "PutSecretValue", "UpdateSecret"]
        "$or"       = local.own_roles["service"]
      }
    } },
    { key-used = {
      region      = null
      description = "A key was used by someone else than the service"
      detail = {
        eventSource = ["kms.amazonaws.com"]
        eventName   = ["CreateGrant", "Decrypt", "GenerateDataKey", "ReEncrypt"]
        resources   = { ARN = var.key_arns }
        "$or"       = local.own_roles["service"]
      }
    } },
    # Attempts that were refused are such events too. The public key is public: reading it is not reported.
    { for name, key in var.signing_keys : "${name}-key-used" => {
      region      = key.region
      description = "Someone else than the service tried to sign with the key of ${name}"
      detail = {
        eventSource = ["kms.amazonaws.com"]
        eventName   = ["CreateGrant", "Sign"]
        resources   = { ARN = key.arns }
        "$or"       = local.own_roles[name]
      }
    } },
    { for prefix, region in local.regions : "${prefix}key-changed" => {
      region      = region
      description = "A key was disabled, or its policy changed"
      detail = {
        eventSource = ["kms.amazonaws.com"]
        eventName   = ["DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"]
      }
    } },
    { for prefix, region in local.regions : "${prefix}root-user" => {
      region      = region
      description = "The root user of the account signed in or acted"
      detail      = { userIdentity = { type = ["Root"] } }
    } },
  )
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  region      = each.value.region
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

  region = each.value.region
  rule   = aws_cloudwatch_event_rule.this[each.key].name
  arn    = each.value.region == null ? var.critical_topic_arns.regional : var.critical_topic_arns.global

  input_transformer {
    input_paths    = { who = "$.detail.userIdentity.arn", what = "$.detail.eventName", when = "$.time", from = "$.detail.sourceIPAddress" }
    input_template = "\"${each.value.description}: <what> by <who> from <from> at <when>. See docs/infrastructure.md.\""
  }
}
