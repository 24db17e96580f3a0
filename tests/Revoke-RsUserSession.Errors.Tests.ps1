#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/revoking.ps1
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Errors' {
    BeforeEach { Reset-Emulator $emulator }

    It 'name their cause: <Id>' -ForEach @(
        @{ Id = 'UserNotFound'; Status = 'NotFound'; Category = 'ObjectNotFound'; Code = 'Request_ResourceNotFound'; User = 'gone@contoso.com' }
        @{ Id = 'UserNotFound'; Status = 'NotFound'; Category = 'ObjectNotFound'; Code = 'Request_ResourceNotFound'; User = '00000000-1111-2222-3333-444444444444' }
        @{ Id = 'AccessDenied'; Status = 'Denied'; Category = 'PermissionDenied'; Code = 'Authorization_RequestDenied'; User = 'grady@contoso.com' }
        @{ Id = 'RevocationRefused'; Status = 'Failed'; Category = 'InvalidOperation'
            Fault = @{ on = 'revoke'; effect = @{ answer = @{ status = 200; body = @{ value = $false } } } } }
        @{ Id = 'RequestRejected'; Status = 'Failed'; Category = 'InvalidOperation'; Code = 'Request_BadRequest'
            Fault = @{ on = 'revoke'; effect = @{ answer = @{ status = 400; body = @{ error = @{ code = 'Request_BadRequest'; message = 'No.' } } } } } }
        @{ Id = 'AuthenticationFailed'; Status = 'Failed'; Category = 'AuthenticationError'
            Fault = @{ on = 'any'; effect = @{ answer = @{ status = 401; body = @{ error = @{ code = 'InvalidAuthenticationToken'; message = 'No.' } } } } } }
        @{ Id = 'OutcomeUnknown'; Status = 'Unknown'; Category = 'InvalidResult'
            Fault = @{ on = 'revoke'; effect = @{ close = 'after' } } }
        # The last one, because what shares the quota waits with it.
        @{ Id = 'Throttled'; Status = 'Throttled'; Category = 'LimitsExceeded'
            Fault = @{ on = 'revoke'; effect = @{ retry_after = '5' } } }
    ) {
        if ($Fault) { Add-Fault $Fault }
        $user = $User ?? 'adele@contoso.com'
        $run = Invoke-Revocation $user @{ TimeoutSeconds = 3 }
        $run.Results.Count | Should -Be 1
        $run.Results.Status | Should -Be $Status
        $run.Results.Value | Should -BeFalse
        $run.Results.Message | Should -Not -BeNullOrEmpty
        if ($Code) { $run.Results.ErrorCode | Should -Be $Code }

        $run.Errors.Count | Should -Be 1
        $problem = $run.Errors[0]
        $problem.FullyQualifiedErrorId | Should -Be "$Id,RevokeSession.Commands.RevokeRsUserSessionCommand"
        $problem.CategoryInfo.Category | Should -Be $Category
        $problem.TargetObject | Should -Be $user
        "$problem" | Should -Be $run.Results.Message
        $problem.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $problem.Exception | Should -BeOfType RevokeSession.RevokeSessionException
    }

    It 'tell a refused caller what is missing' {
        $problem = (Invoke-Revocation $cast.admins[0].id).Errors[0]
        "$problem $($problem.ErrorDetails.RecommendedAction)" | Should -BeLike '*User.RevokeSessions.All*'
        "$problem $($problem.ErrorDetails.RecommendedAction)" | Should -BeLike '*role*'
    }

    It 'name the user as given' {
        "$((Invoke-Revocation 'Gone@contoso.com').Errors[0])" | Should -BeLike '*Gone@contoso.com*'
    }

    It 'have the input as target' {
        $user = [pscustomobject]@{ Id = $unknownId; UserPrincipalName = 'gone@contoso.com'; Mark = 'me' }
        (Invoke-Revocation $user).Errors[0].TargetObject.Mark | Should -Be me
    }

    It 'of one user do not keep another from being revoked' {
        $run = Invoke-Revocation ('gone@contoso.com', '../me', $members[0].id, $cast.admins[0].id, $members[1].id)
        $run.Results.Count | Should -Be 5
        $run.Errors.Count | Should -Be 3
        $run.Errors | ForEach-Object { Get-ErrorId $_ } | Sort-Object | Should -Be AccessDenied, InvalidUserId, UserNotFound
        (Get-State).distinctRevoked | Should -Be 2
    }

    It 'go to the error stream once each' {
        $shell = New-Shell $emulator
        try {
            $run = Invoke-Shell $shell '$args | Revoke-RsUserSession -Confirm:$false' 'gone@contoso.com', $members[0].id
            $run.Errors.Count | Should -Be 1
            $run.Output.Count | Should -Be 2
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'end the pipeline with -ErrorAction Stop, after the result that tells why' {
        $seen = [System.Collections.Generic.List[object]]::new()
        $problem = $null
        try {
            'gone@contoso.com' | Revoke-RsUserSession -Confirm:$false -ErrorAction Stop | ForEach-Object { $seen.Add($_) }
        }
        catch {
            $problem = $_
        }
        Get-ErrorId $problem | Should -Be UserNotFound
        $seen.Status | Should -Be NotFound
        # And the next run is not disturbed.
        $cast.adele.id | Revoke-RsUserSession -Confirm:$false | ForEach-Object Status | Should -Be Revoked
    }
}

Describe 'Asking' {
    BeforeAll {
        $line = '$args | Revoke-RsUserSession'
        $both = @{ Id = $cast.adele.id; UserPrincipalName = 'adele@contoso.com' }
    }

    BeforeEach {
        Reset-Emulator $emulator
        $shell = New-Shell $emulator
    }

    AfterEach { Close-Shell $shell }

    It 'is done by default, naming the user by both names' {
        $shell.Answering.Answers.Enqueue('Yes')
        $run = Invoke-Shell $shell $line $both
        $run.Failure | Should -BeNullOrEmpty
        $run.Prompts.Count | Should -Be 1
        $run.Prompts[0] | Should -BeLike "*Revoke all sign-in sessions*adele@contoso.com ($($cast.adele.id))*"
        $run.Output.Status | Should -Be Revoked
    }

    It 'leaves alone whom it is told to leave alone' {
        'No', 'Yes', 'No to All' | ForEach-Object { $shell.Answering.Answers.Enqueue($_) }
        $run = Invoke-Shell $shell $line $members[0..4].id
        $run.Prompts.Count | Should -Be 3
        $run.Output.UserId | Should -Be $members[1].id
        $run.Errors | Should -BeNullOrEmpty
        (Get-State).distinctRevoked | Should -Be 1
    }

    It 'ends with Yes to All' {
        $shell.Answering.Answers.Enqueue('Yes to All')
        $run = Invoke-Shell $shell $line $members[0..4].id
        $run.Prompts.Count | Should -Be 1
        $run.Output.Status | Should -Be (@('Revoked') * 5)
    }

    It 'sends whom it was told to send while the next question waits' {
        'Yes', 'No' | ForEach-Object { $shell.Answering.Answers.Enqueue($_) }
        $run = Invoke-Shell $shell '$args[0..1] | Revoke-RsUserSession' $members[0..1].id
        $run.Output.UserId | Should -Be $members[0].id
    }

    It 'is not done with <_>' -ForEach @(
        '$args | Revoke-RsUserSession -Confirm:$false'
        '$args | Revoke-RsUserSession -Force'
        '$ConfirmPreference = "None"; $args | Revoke-RsUserSession'
        '$args | Revoke-RsUserSession -Force -Confirm:$false'
    ) {
        $run = Invoke-Shell $shell $_ $both
        $run.Prompts | Should -BeNullOrEmpty
        $run.Failure | Should -BeNullOrEmpty
        $run.Output.Status | Should -Be Revoked
    }

    It 'is done with <_>' -ForEach @(
        '$args | Revoke-RsUserSession -Confirm'
        '$args | Revoke-RsUserSession -Force -Confirm'
        '$ConfirmPreference = "None"; $args | Revoke-RsUserSession -Confirm'
        '$ConfirmPreference = "Low"; $args | Revoke-RsUserSession'
    ) {
        $shell.Answering.Answers.Enqueue('No')
        $run = Invoke-Shell $shell $_ $both
        $run.Prompts.Count | Should -Be 1
        $run.Output | Should -BeNullOrEmpty
        (Get-State).revocations | Should -Be 0
    }

    It 'has its preference unchanged after -Force: <_>' -ForEach '', '$ConfirmPreference = "Medium"; ' {
        $run = Invoke-Shell $shell ($_ + '$before = $ConfirmPreference; $null = $args | Revoke-RsUserSession -Force; $ConfirmPreference -eq $before') $both
        $run.Output | Should -Be $true
    }

    It 'goes by a read-only preference even with -Force' {
        $shell.Answering.Answers.Enqueue('No')
        $run = Invoke-Shell $shell 'Set-Variable ConfirmPreference High -Option ReadOnly -Force -Scope Global; $args | Revoke-RsUserSession -Force' $both
        $run.Prompts.Count | Should -Be 1
        $run.Failure | Should -BeNullOrEmpty
    }

    It 'comes after the judgement: what names no user is told without a question' {
        $run = Invoke-Shell $shell $line '../me'
        $run.Prompts | Should -BeNullOrEmpty
        $run.Output.ErrorCode | Should -Be InvalidUserId
    }

    It 'only tells what would be done: <_>' -ForEach @(
        '$args | Revoke-RsUserSession -WhatIf'
        '$args | Revoke-RsUserSession -WhatIf -Force'
        '$args | Revoke-RsUserSession -WhatIf -Confirm:$false'
        '$args | Revoke-RsUserSession -WhatIf -Confirm'
        '$WhatIfPreference = $true; $args | Revoke-RsUserSession'
        '$WhatIfPreference = $true; $args | Revoke-RsUserSession -Force'
        '$WhatIfPreference = 1; $args | Revoke-RsUserSession -Force'
        'Disconnect-RsGraph; $args | Revoke-RsUserSession -WhatIf'
        'Disconnect-RsGraph; $WhatIfPreference = $true; $args | Revoke-RsUserSession -Confirm:$false'
        'Disconnect-RsGraph; function f { [CmdletBinding(SupportsShouldProcess)] param($u) $u | Revoke-RsUserSession }; f $args -WhatIf'
    ) {
        $run = Invoke-Shell $shell $_ $both
        $run.Failure | Should -BeNullOrEmpty
        $run.Errors | Should -BeNullOrEmpty
        $run.Output | Should -BeNullOrEmpty
        $run.Prompts | Should -BeNullOrEmpty
        "$($run.Lines)" | Should -BeLike "*What if:*Revoke all sign-in sessions*adele@contoso.com ($($cast.adele.id))*"
        $state = Get-State
        $state.requests.batches + $state.requests.singles | Should -Be 0
    }

    It 'does revoke with -WhatIf:$false whatever the preference' {
        $run = Invoke-Shell $shell '$WhatIfPreference = $true; $args | Revoke-RsUserSession -WhatIf:$false -Confirm:$false' $both
        $run.Output.Status | Should -Be Revoked
    }
}

Describe 'Nobody signed in' {
    BeforeAll { $shell = New-Shell }
    AfterAll { Close-Shell $shell }

    It 'is told for each user, without a question, with the line to run' {
        $run = Invoke-Shell $shell '$args | Revoke-RsUserSession' 'adele@contoso.com', $members[0].id
        $run.Prompts | Should -BeNullOrEmpty
        $run.Output.Status | Should -Be Failed, Failed
        $run.Output.ErrorCode | Should -Be NotConnected, NotConnected
        $run.Output[0].UserPrincipalName | Should -Be adele@contoso.com
        $run.Output[1].UserId | Should -Be $members[0].id
        $run.Errors.Count | Should -Be 2
        $run.Errors[0].FullyQualifiedErrorId | Should -Be 'NotConnected,RevokeSession.Commands.RevokeRsUserSessionCommand'
        $run.Errors[0].TargetObject | Should -Be adele@contoso.com
        $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*Connect-RsGraph -TenantId * -ClientSecretCredential *'
    }

    It 'is told without a question even with -WhatIf:$false' {
        (Invoke-Shell $shell '$args | Revoke-RsUserSession -WhatIf:$false' 'adele@contoso.com').Output.ErrorCode | Should -Be NotConnected
    }
}

Describe 'The signed-in user' {
    BeforeAll {
        $place = @{ GraphEndpoint = $emulator.graph; AuthorityHost = $emulator.authority }
    }
    BeforeEach { Reset-Emulator $emulator }
    AfterAll { Connect-Emulator $emulator }

    It 'is revoked with -Me' {
        $token = (Set-Emulator $emulator token @{ kind = 'delegated'; upn = 'adele@contoso.com' }).access_token
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) @place
        $result = Revoke-RsUserSession -Me -Confirm:$false
        $result.Status | Should -Be Revoked
        $result.UserPrincipalName | Should -Be adele@contoso.com
        $result.UserId | Should -Be $cast.adele.id
        Get-Revoked | Should -Be adele@contoso.com
        (Get-State).requests.me | Should -Be 1
    }

    It 'is nobody where an application is signed in' {
        Connect-Emulator $emulator
        $result = Revoke-RsUserSession -Me -Confirm:$false -ErrorVariable problems -ErrorAction SilentlyContinue
        $result.Status | Should -Be Failed
        $result.ErrorCode | Should -Be DelegatedSignInRequired
        Get-ErrorId $problems[0] | Should -Be DelegatedSignInRequired
        (Get-State).requests.me | Should -Be 0
    }

    It 'is named in the question' {
        $token = (Set-Emulator $emulator token @{ kind = 'delegated'; upn = 'adele@contoso.com' }).access_token
        $shell = New-Shell $emulator 'No', 'No'
        try {
            (Invoke-Shell $shell 'Revoke-RsUserSession -Me').Prompts[0] | Should -BeLike '*the signed-in user*'
            $null = Invoke-Shell $shell 'Connect-RsGraph -AccessToken $args[0] -GraphEndpoint $args[1] -AuthorityHost $args[1]' (ConvertTo-Secret $token), $emulator.graph
            (Invoke-Shell $shell 'Revoke-RsUserSession -Me').Prompts[-1] | Should -BeLike "*adele@contoso.com ($($cast.adele.id))*"
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'cannot be given together with others' {
        { Revoke-RsUserSession -UserId adele@contoso.com -Me -Confirm:$false } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }
}
