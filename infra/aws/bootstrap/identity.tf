# GitHub proves with a token of OpenID Connect which workflow runs; there is no key to keep or to lose. A pull request
# may plan. Only jobs of the environment, which production protects with an approval, may apply.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  issuer = "token.actions.githubusercontent.com"
  # Who may assume each role, as GitHub's `sub`.
  subjects = {
    plan    = ["repo:${var.repository}:pull_request", "repo:${var.repository}:ref:refs/heads/main"]
    apply   = ["repo:${var.repository}:environment:${var.environment}"]
    promote = ["repo:${var.repository}:environment:${var.environment}"]
  }
  state = "${module.state.arn}/service.tfstate"
  read_state = {
    Sid      = "ReadTheState"
    Effect   = "Allow"
    Action   = ["s3:GetObject", "s3:ListBucket"]
    Resource = [module.state.arn, local.state]
  }
}

resource "aws_iam_role" "github" {
  for_each = local.subjects

  name                 = "${var.name}-${each.key}"
  description          = "GitHub's workflows that ${each.key}"
  max_session_duration = 3600
  permissions_boundary = each.key == "apply" ? aws_iam_policy.boundary.arn : null

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = each.value
      } }
    }]
  })
}

# A plan reads how things are set up, and nothing that people or phones have sent.
resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.github["plan"].name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "plan" {
  name = "plan-without-data"
  role = aws_iam_role.github["plan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.read_state,
      {
        Sid      = "LockTheState"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:PutObject"]
        Resource = "${local.state}.tflock"
      },
      {
        Sid      = "DecryptTheState"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = module.key.arn
      },
      {
        Sid         = "NoObjectsButTheState"
        Effect      = "Deny"
        Action      = "s3:GetObject*"
        NotResource = [local.state, "${local.state}.tflock"]
      },
      {
        Sid    = "NoData"
        Effect = "Deny"
        Action = [
          "cloudfront-keyvaluestore:GetKey", "cloudfront-keyvaluestore:ListKeys", "dynamodb:GetItem",
          "ecr:GetDownloadUrlForLayer", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord",
          "logs:StartLiveTail", "logs:StartQuery", "logs:Unmask", "rds-data:*", "secretsmanager:GetSecretValue",
          "ssm:GetParameter*", "wafv2:GetRegexPatternSet",
        ]
        Resource = "*" # a denial must hold for everything
      },
    ]
  })
}

# Terraform makes nearly everything there is in the account, roles included. A role that it makes does not have the boundary
# below, so approving an apply is trusting it with the account; the trail and the alarms of modules/audit show what it did.
resource "aws_iam_role_policy_attachment" "apply" {
  for_each = toset(["PowerUserAccess", "IAMFullAccess"])

  role       = aws_iam_role.github["apply"].name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"

  #checkov:skip=CKV2_AWS_56:Terraform makes the roles of processes; the boundary keeps it from its own role and from people
}

# What the role that applies cannot do, whatever its policies say: read secrets and data, become someone else, remove
# the trail, or change how it is trusted itself.
resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-apply-boundary"
  description = "Limits of the role that applies"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WhatPoliciesAllow"
        Effect   = "Allow"
        Action   = "*"
        Resource = "*" # a boundary allows nothing by itself
      },
      {
        Sid    = "NoPeopleAndNoTrust"
        Effect = "Deny"
        Action = [
          "cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "iam:CreateAccessKey", "iam:CreateLoginProfile",
          "iam:CreateUser", "organizations:*", "account:*", "sts:AssumeRole",
        ]
        Resource = "*" # a denial must hold for everything
      },
      {
        Sid       = "NotItself"
        Effect    = "Deny"
        NotAction = ["iam:Get*", "iam:List*"] # every change, also one that only removes a denial
        Resource = [
          "arn:aws:iam::${var.account}:role/${var.name}-apply", "arn:aws:iam::${var.account}:role/${var.name}-plan",
          "arn:aws:iam::${var.account}:role/${var.name}-promote",
          "arn:aws:iam::${var.account}:policy/${var.name}-apply-boundary", aws_iam_openid_connect_provider.github.arn,
        ]
      },
      {
        Sid      = "NoSignaturesAndNoLostKeys"
        Effect   = "Deny"
        Action   = ["kms:ScheduleKeyDeletion", "kms:Sign"]
        Resource = "*" # a denial must hold for everything
      },
      {
        Sid      = "NoSecretsOfProcesses"
        Effect   = "Deny"
        Action   = "secretsmanager:GetSecretValue"
        Resource = "arn:aws:secretsmanager:*:${var.account}:secret:${var.name}/*"
      },
    ]
  })

  #checkov:skip=CKV_AWS_62:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_63:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_286:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_287:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_288:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_289:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_290:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV_AWS_355:A boundary allows nothing by itself: it limits other policies
  #checkov:skip=CKV2_AWS_40:A boundary allows nothing by itself: it limits other policies
}
