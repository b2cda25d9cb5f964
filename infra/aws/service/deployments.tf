# Releases: the role of CodeDeploy, and the checks of new releases behind the test listeners.
module "codedeploy_role" {
  source = "../modules/service_role"

  name        = "${local.name}-codedeploy"
  service     = "codedeploy.amazonaws.com"
  account     = null # CodeDeploy does not document that it states one; a role cannot be passed from another account
  policy_name = "switch-releases"
  statements = [
    {
      Sid    = "ReplaceTasks"
      Effect = "Allow"
      Action = [
        "ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet",
      ]
      Resource = flatten([for surface in keys(local.surfaces) : [
        "arn:aws:ecs:${var.region}:${var.account}:service/${local.name}/${local.name}-${surface}",
        "arn:aws:ecs:${var.region}:${var.account}:task-set/${local.name}/${local.name}-${surface}/*",
      ]])
    },
    {
      Sid      = "MoveTraffic"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"]
      Resource = flatten([for balancer in module.load_balancer : values(balancer.listener_arns)])
    },
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "cloudwatch:DescribeAlarms", "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
      ]
      Resource = "*" # AWS knows no resources for them
    },
    {
      # It reports with this role, so the role also needs the key of the topics.
      Sid      = "EncryptReports"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = module.notifications["regional"].key_arn
    },
    {
      Sid    = "CheckAndReport"
      Effect = "Allow"
      Action = ["lambda:InvokeFunction", "sns:Publish"]
      Resource = concat(
        [for surface in keys(local.surfaces) : "arn:aws:lambda:${var.region}:${var.account}:function:CodeDeployHook_${local.name}-${surface}"],
        values(module.notifications["regional"].topics),
      )
    },
    {
      Sid      = "StartTasksWithTheirRoles"
      Effect   = "Allow"
      Action   = "iam:PassRole"
      Resource = flatten([for name in keys(local.web) : values(module.process[name].role_arns)])
    },
  ]
}

module "deployment_check" {
  source   = "../modules/deployment_check"
  for_each = local.surfaces

  name              = "${local.name}-${each.key}"
  account           = var.account
  region            = var.region
  package           = var.deployment_check_package
  host              = each.key == "retrieval" ? local.hosts.origin : local.hosts[each.key]
  load_balancer     = module.load_balancer[each.key].arn_suffix
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = aws_security_group.check.id
  log_key_arn       = module.keys["logs"].arn
}
