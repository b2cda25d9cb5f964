# What a promotion may do: bring another image to processes that Terraform has described, and try it. It changes nothing
# else, and reads no data.
locals {
  ecs        = "arn:aws:ecs:${var.region}:${var.account}"
  codedeploy = "arn:aws:codedeploy:${var.region}:${var.account}"
  # What bin/promote reads: a token for notes on the timeline, and in staging what its clients need (aws.toml).
  promotion_secrets = concat(["STATUS_NOTE_TOKENS"], var.environment == "staging" ? ["EXPORT_PUBLIC_KEY", "KEY_CLAIM_TOKEN", "RETRIEVE_HMAC_KEY"] : [])
}

resource "aws_iam_role_policy" "promote" {
  name = "replace-images"
  role = aws_iam_role.github["promote"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.read_state,
      {
        Sid      = "DecryptTheState"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = module.key.arn
      },
      {
        Sid      = "SignInToTheRegistry"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*" # AWS knows no resource for it
      },
      {
        Sid    = "PushTheImage"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = "arn:aws:ecr:${var.region}:${var.account}:repository/${var.name}"
      },
      {
        Sid      = "ReadAndRegisterTaskDefinitions"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
        Resource = "*" # the roles that a task gets are limited below
      },
      {
        Sid       = "TagTaskDefinitionsAsTerraformDoes"
        Effect    = "Allow"
        Action    = "ecs:TagResource"
        Resource  = "${local.ecs}:task-definition/${var.name}-*:*"
        Condition = { StringEquals = { "ecs:CreateAction" = "RegisterTaskDefinition" } }
      },
      {
        Sid       = "RunMigrations"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = "${local.ecs}:task-definition/${var.name}-release:*"
        Condition = { ArnEquals = { "ecs:cluster" = "${local.ecs}:cluster/${var.name}" } }
      },
      {
        Sid      = "ReplaceTasks"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:UpdateService"]
        Resource = ["${local.ecs}:service/${var.name}/*", "${local.ecs}:task/${var.name}/*"]
      },
      {
        Sid       = "GiveTasksTheirRoles"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [for kind in ["execution", "task"] : "arn:aws:iam::${var.account}:role/${var.name}-*-${kind}"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid    = "SwitchWebProcesses"
        Effect = "Allow"
        Action = [
          "codedeploy:CreateDeployment", "codedeploy:GetApplicationRevision", "codedeploy:GetDeployment",
          "codedeploy:GetDeploymentConfig", "codedeploy:RegisterApplicationRevision",
          "codedeploy:UpdateDeploymentGroup", # CreateDeployment requires it in order to ignore alarms
        ]
        Resource = [for kind in ["application", "deploymentconfig", "deploymentgroup"] : "${local.codedeploy}:${kind}:${var.name}-*"]
      },
      {
        Sid      = "ReadSecretsOfPromotions"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = [for name in local.promotion_secrets : "arn:aws:secretsmanager:${var.region}:${var.account}:secret:${var.name}/${name}-??????"]
      },
      {
        Sid      = "DecryptSecretsOfPromotions"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = "arn:aws:kms:${var.region}:${var.account}:key/*"
        Condition = {
          StringEquals               = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" }
          "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.name}-secrets" }
        }
      },
    ]
  })
}
