#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 1300
    $cast = Get-Emulator $emulator cast
    $members = @(Get-Emulator $emulator 'users?kind=member')
    $unknownId = '00000000-1111-2222-3333-444444444444'
    Connect-Emulator $emulator

    # The errors of a run beside its results.
    function Invoke-Revocation($InputObject, [hashtable] $Parameters = @{}) {
        $results = @($InputObject | Revoke-RsUserSession -Confirm:$false @Parameters -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        [pscustomobject]@{ Results = $results; Errors = @($problems) }
    }

    function Get-State { Get-Emulator $emulator state }

    # What the emulator revoked, by principal name.
    function Get-Revoked { @((Get-Emulator $emulator revocations).PSObject.Properties.Value.upn) }

    function Add-Fault([hashtable] $Rule) { $null = Set-Emulator $emulator faults $Rule }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Naming users' {
    BeforeEach { Reset-Emulator $emulator }

    BeforeDiscovery {
        $forms = @(
            @{ Form = 'a principal name'; Make = { $args[0].upn } }
            @{ Form = 'an object id'; Make = { "$($args[0].id)" } }
            @{ Form = 'a guid'; Make = { [guid]$args[0].id } }
            @{ Form = 'a hashtable'; Make = { @{ id = $args[0].id } } }
            @{ Form = 'an ordered dictionary'; Make = { [ordered]@{ Name = 'Adele'; UserPrincipalName = $args[0].upn } } }
            @{ Form = 'a user of Get-MgUser'; Make = { [pscustomobject]@{ DisplayName = 'Adele'; Id = $args[0].id; UserPrincipalName = $args[0].upn } } }
            @{ Form = 'a user of Get-EntraUser'; Make = { [pscustomobject]@{ ObjectId = $args[0].id; UserPrincipalName = $args[0].upn } } }
            @{ Form = 'a sign-in'; Make = { [pscustomobject]@{ Id = '99999999-9999-9999-9999-999999999999'; UserId = $args[0].id; UserPrincipalName = $args[0].upn } } }
            @{ Form = 'a sign-in without user id'; Make = { [pscustomobject]@{ Id = '99999999-9999-9999-9999-999999999999'; UserId = ''; UserPrincipalName = $args[0].upn } } }
            @{ Form = 'a row of CSV'; Make = { "DisplayName,UserPrincipalName`nAdele,$($args[0].upn)" | ConvertFrom-Csv } }
            @{ Form = 'a result'; Make = { $args[0].upn | Revoke-RsUserSession -Confirm:$false; Reset-Emulator $emulator } }
            @{ Form = 'an object of a class'; Make = { [System.Tuple]::Create(1) | Add-Member -PassThru -NotePropertyMembers @{ Id = [psobject]::new([guid]$args[0].id) } } }
            @{ Form = 'a user identity'; Make = { [RevokeSession.UserIdentity]$args[0].upn } }
        )
    }

    It 'takes <Form> from the pipeline' -ForEach $forms {
        $user = & $Make $cast.adele
        $run = Invoke-Revocation $user
        $run.Errors | Should -BeNullOrEmpty
        $run.Results.Status | Should -Be Revoked
        Get-Revoked | Should -Be adele@contoso.com
    }

    It 'takes <Form> as argument' -ForEach $forms {
        $user = & $Make $cast.adele
        Revoke-RsUserSession $user -Confirm:$false | ForEach-Object Status | Should -Be Revoked
        Get-Revoked | Should -Be adele@contoso.com
    }

    It 'takes arrays in arrays, by any of its names' {
        $list = $members[0].id, @($members[1].userPrincipalName, @([guid]$members[2].id))
        foreach ($name in 'UserId', 'Id', 'ObjectId', 'UserPrincipalName', 'User', 'InputObject') {
            Reset-Emulator $emulator
            $named = @{ $name = $list }
            @(Revoke-RsUserSession @named -Confirm:$false).Count | Should -Be 3
            Get-Revoked | Sort-Object | Should -Be ($members[0..2].userPrincipalName | Sort-Object)
        }
        (, $list | Revoke-RsUserSession -Confirm:$false).Count | Should -Be 3
    }

    It 'takes a mixture, and answers each' {
        $mixture = @(
            $members[0].id
            [guid]$members[1].id
            @{ ObjectId = $members[2].id }
            [pscustomobject]@{ UserId = $members[3].id; Id = 'sign-in' }
            $null
            ''
            4711
            [pscustomobject]@{ Name = 'nobody' }
            $members[4].userPrincipalName
        )
        $run = Invoke-Revocation $mixture
        $run.Results.Count | Should -Be 9
        ($run.Results | Where-Object Status -EQ Revoked).Count | Should -Be 5
        ($run.Results | Where-Object ErrorCode -EQ InvalidUserId).Count | Should -Be 4
        (Get-State).distinctRevoked | Should -Be 5
    }

    It 'uses the object id where there is one, and keeps both names' {
        $result = [pscustomobject]@{ Id = $cast.adele.id; UserPrincipalName = 'old.name@contoso.com' } | Revoke-RsUserSession -Confirm:$false
        $result.Status | Should -Be Revoked
        $result.UserId | Should -Be $cast.adele.id
        $result.UserPrincipalName | Should -Be old.name@contoso.com
    }

    It 'reaches every awkward principal name and no other user' {
        $run = Invoke-Revocation $cast.odd.upn
        $run.Errors | Should -BeNullOrEmpty
        Get-Revoked | Sort-Object | Should -Be ($cast.odd.upn | Sort-Object)
    }

    It 'sends nothing for what names no user: <Name>' -ForEach @(
        @{ Name = '../me'; Value = '../me' }
        @{ Name = 'me'; Value = 'me' }
        @{ Name = '..'; Value = '..' }
        @{ Name = 'a path'; Value = 'adele@contoso.com/../../me' }
        @{ Name = 'an encoded path'; Value = '%2e%2e%2fme' }
        @{ Name = 'a blank'; Value = ' ' }
        @{ Name = 'nothing'; Value = '' }
        @{ Name = 'null'; Value = $null }
        @{ Name = 'a line break'; Value = "ad`nele@contoso.com" }
        @{ Name = 'a zero byte'; Value = "a`0@contoso.com" }
        @{ Name = 'a long text'; Value = ('a' * 5000) + '@contoso.com' }
        @{ Name = 'a process'; Value = (Get-Process -Id $PID) }
        @{ Name = 'an empty hashtable'; Value = @{} }
    ) {
        foreach ($run in (Invoke-Revocation (, $Value)), (Invoke-Revocation @{ UserId = $Value })) {
            $run.Results.Count | Should -Be 1
            $run.Results.Status | Should -Be Failed
            $run.Results.Value | Should -BeFalse
            $run.Results.ErrorCode | Should -Be InvalidUserId
            $run.Errors.Count | Should -Be 1
            $run.Errors[0].FullyQualifiedErrorId | Should -Be 'InvalidUserId,RevokeSession.Commands.RevokeRsUserSessionCommand'
            $run.Errors[0].CategoryInfo.Category | Should -Be InvalidArgument
        }
        $state = Get-State
        $state.revocations | Should -Be 0
        $state.requests.batches + $state.requests.singles + $state.requests.me | Should -Be 0
    }

    It 'does nothing for no users' {
        Revoke-RsUserSession @() -Confirm:$false | Should -BeNullOrEmpty
        @() | Revoke-RsUserSession -Confirm:$false | Should -BeNullOrEmpty
    }

    It 'calls a user once who is named often, whatever the case, and answers every time' {
        $id = $cast.adele.id
        $run = Invoke-Revocation ($id, $id.ToUpperInvariant(), 'lee@contoso.com', 'LEE@Contoso.com', $id)
        $run.Results.Count | Should -Be 5
        $run.Results.Status | Should -Be (@('Revoked') * 5)
        $state = Get-State
        $state.revocations | Should -Be 2
        $state.duplicateRevocations | Should -Be 0
    }
}

Describe 'Results' {
    BeforeEach { Reset-Emulator $emulator }

    It 'tell what is known of a revoked user' {
        $before = [DateTimeOffset]::Now.AddSeconds(-2)
        $result = $cast.adele.id | Revoke-RsUserSession -Confirm:$false
        $result | Should -BeOfType RevokeSession.RevocationResult
        $result.UserId | Should -Be $cast.adele.id
        $result.Status | Should -BeOfType RevokeSession.RevocationStatus
        $result.Value | Should -BeTrue
        $result.SessionsValidFrom | Should -BeNullOrEmpty
        $result.Verified | Should -BeNullOrEmpty
        $result.Note | Should -BeNullOrEmpty
        $result.ErrorCode | Should -BeNullOrEmpty
        $result.Message | Should -BeNullOrEmpty
        [guid]::TryParse($result.RequestId, [ref][guid]::Empty) | Should -BeTrue
        $result.Attempts | Should -Be 1
        $result.Timestamp | Should -BeOfType System.DateTimeOffset
        $result.Timestamp | Should -BeGreaterThan $before
        "$result" | Should -Be "$($cast.adele.id): Revoked"
    }

    It 'are shown as a table of user, status and note' {
        $text = 'adele@contoso.com', 'gone@contoso.com' | Revoke-RsUserSession -Confirm:$false -ErrorAction SilentlyContinue |
            Sort-Object UserPrincipalName | Out-String -Width 160
        $text | Should -Match '(?m)^User\s+Status\s+Note'
        $text | Should -Match '(?m)^adele@contoso\.com\s+Revoked'
        $text | Should -Match '(?m)^gone@contoso\.com\s+NotFound\s+\S'
    }

    It 'are shown whole as a list' {
        $text = 'adele@contoso.com' | Revoke-RsUserSession -Confirm:$false | Format-List | Out-String
        foreach ($name in 'UserId', 'UserPrincipalName', 'Status', 'Value', 'SessionsValidFrom', 'Verified', 'Note',
            'ErrorCode', 'Message', 'RequestId', 'Attempts', 'Timestamp') {
            $text | Should -Match "(?m)^$name\s+:"
        }
    }

    It 'of a guest say whose sessions they are, with one warning' {
        $result = $cast.guests[0].upn | Revoke-RsUserSession -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue
        $result.Note | Should -Match 'home'
        $warnings.Count | Should -Be 1
        "$warnings" | Should -BeLike "*$($cast.guests[0].upn)*$($result.Note)*"
        Get-Revoked | Should -BeNullOrEmpty
    }

    It 'come while the input is still being written' {
        $seen = [System.Collections.Generic.List[object]]::new()
        $sent = & {
            foreach ($number in 0..999) {
                # A result can be written only when the next input comes; the source goes on until one was.
                if ($seen.Count -gt 0) { break }
                if ($number -eq 200) { Wait-Until { (Get-State).revocations -gt 0 } }
                if ($number -gt 200) { [System.Threading.Thread]::Sleep(1) }
                $members[$number].id
            }
        } | Revoke-RsUserSession -Confirm:$false | ForEach-Object { $seen.Add($_); $_ }
        $seen.Count | Should -BeGreaterThan 0
        $seen.Count | Should -BeLessThan 1000
        $sent.Count | Should -Be $seen.Count
    }

    It 'of a slow source come without waiting for company' {
        & {
            $members[0].id
            # The source is busy until the user has been revoked.
            Wait-Until { (Get-State).revocations -eq 1 } -Seconds 5
            $members[1].id
        } | Revoke-RsUserSession -Confirm:$false | ForEach-Object Status | Should -Be Revoked, Revoked
    }

    It 'go to -OutVariable too' {
        $null = $cast.adele.id | Revoke-RsUserSession -Confirm:$false -OutVariable kept
        $kept.Status | Should -Be Revoked
    }

    It 'of 1,000 users from CSV are 1,000, in 50 batches, nothing twice' {
        $csv = Join-Path $TestDrive users.csv
        $members[0..999] | Select-Object userPrincipalName, department | Export-Csv $csv
        $results = Get-Content $csv | ConvertFrom-Csv | Revoke-RsUserSession -Confirm:$false
        $results.Count | Should -Be 1000
        ($results.Status | Select-Object -Unique) | Should -Be Revoked
        ($results.UserPrincipalName | Select-Object -Unique).Count | Should -Be 1000
        $state = Get-State
        $state.requests.batches | Should -Be 50
        $state.requests.singles | Should -Be 0
        $state.maxBatchSize | Should -Be 20
        $state.distinctRevoked | Should -Be 1000
        $state.duplicateRevocations | Should -Be 0
    }
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

Describe 'Limits' {
    It 'refuses <Name> <Value>' -ForEach @(
        @{ Name = 'ThrottleLimit'; Value = 0 }
        @{ Name = 'ThrottleLimit'; Value = 65 }
        @{ Name = 'TimeoutSeconds'; Value = -1 }
        @{ Name = 'TimeoutSeconds'; Value = 604801 }
    ) {
        $limit = @{ $Name = $Value }
        { Revoke-RsUserSession adele@contoso.com -WhatIf @limit } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'keeps no more batches on their way than -ThrottleLimit' {
        Reset-Emulator $emulator
        $null = Set-Emulator $emulator latency @{ ms = 20 }
        try {
            $null = $members[0..199].id | Revoke-RsUserSession -Confirm:$false -ThrottleLimit 2
            (Get-State).maxInFlight | Should -Be 2
        }
        finally {
            $null = Set-Emulator $emulator latency @{ ms = 0 }
        }
    }
}

Describe 'Progress and -Verbose' {
    BeforeEach {
        Reset-Emulator $emulator
        $shell = New-Shell $emulator
    }

    AfterEach {
        Close-Shell $shell
        $null = Set-Emulator $emulator latency @{ ms = 0 }
    }

    It 'shows no progress of a short run' {
        (Invoke-Shell $shell '$args | Revoke-RsUserSession -Force' $members[0].id).Progress |
            Where-Object Activity -Like 'Revoking*' | Should -BeNullOrEmpty
    }

    It 'shows the progress of a long run, not too often, and takes it away at the end' {
        $null = Set-Emulator $emulator latency @{ ms = 300 }
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $run = Invoke-Shell $shell '$args | Revoke-RsUserSession -Force -ThrottleLimit 1' $members[0..159].id
        $run.Output.Count | Should -Be 160
        $records = @($run.Progress | Where-Object Activity -Like 'Revoking*')
        $records.Count | Should -BeGreaterThan 2
        $records.Count | Should -BeLessThan (5 * $watch.Elapsed.TotalSeconds + 2)
        $records[-1].RecordType | Should -Be Completed
        $records[-2].StatusDescription | Should -BeLike '* of 160 users*'
        $records[-2].PercentComplete | Should -BeGreaterThan 0
    }

    It 'tells of batches and retries with -Verbose, and only then' {
        Add-Fault @{ on = 'batch'; times = 1; effect = @{ answer = @{ status = 503; headers = @{ 'Retry-After' = '0' } } } }
        $verbose = $members[0..39].id | Revoke-RsUserSession -Confirm:$false -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        @($verbose | Where-Object { $_ -notlike 'Performing the operation*' }).Count | Should -BeGreaterThan 0
        $members[0..39].id | Revoke-RsUserSession -Confirm:$false 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | Should -BeNullOrEmpty
    }
}

Describe 'Stopping' {
    BeforeEach { Reset-Emulator $emulator }

    AfterEach { Reset-Emulator $emulator }

    It 'takes less than a second, whatever is in flight' {
        Add-Fault @{ on = 'any'; effect = @{ hang_ms = 60000 } }
        $shell = New-Shell
        try {
            Reset-Emulator $emulator
            $null = $shell.AddCommand('Connect-RsGraph').AddParameters((Get-SignIn $emulator)).Invoke()
            Add-Fault @{ on = 'any'; effect = @{ hang_ms = 60000 } }
            $shell.Commands.Clear()
            $null = $shell.AddScript('$args | Revoke-RsUserSession -Force')
            $members.id | ForEach-Object { $null = $shell.AddArgument($_) }
            $running = $shell.BeginInvoke()
            Wait-Until { (Get-State).requests.batches -gt 0 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            { $shell.EndInvoke($running) } | Should -Throw
            $sent = (Get-State).requests.batches
            Reset-Emulator $emulator
            # The session works on, and nothing of the stopped run is sent any more.
            $run = Invoke-Shell $shell 'Revoke-RsUserSession $args[0] -Force' $cast.adele.id
            $run.Output.Status | Should -Be Revoked
            (Get-State).distinctRevoked | Should -Be 1
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'takes less than a second while the run waits for the server' {
        Add-Fault @{ on = 'revoke'; effect = @{ retry_after = '5' } }
        $shell = New-Shell $emulator
        try {
            $null = $shell.AddScript('$args | Revoke-RsUserSession -Force').AddArgument($cast.adele.id)
            $running = $shell.BeginInvoke()
            Wait-Until { (Get-State).throttled -gt 0 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            { $shell.EndInvoke($running) } | Should -Throw
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'is done by Ctrl+C within a second' -Skip:$IsWindows {
        Add-Fault @{ on = 'revoke'; effect = @{ hang_ms = 60000 } }
        $start = [System.Diagnostics.ProcessStartInfo]::new([System.Environment]::ProcessPath)
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardInput = $true
        $start.Environment['RS_TEST_SECRET'] = $emulator.clientSecret
        foreach ($argument in '-NoProfile', '-NonInteractive', '-Command', @"
            Import-Module `$env:REVOKESESSION_MODULE
            `$app = [pscredential]::new('$($emulator.clientId)', (ConvertTo-SecureString `$env:RS_TEST_SECRET -AsPlainText -Force))
            Connect-RsGraph -TenantId $($emulator.tenantId) -ClientSecretCredential `$app -GraphEndpoint $($emulator.graph) -AuthorityHost $($emulator.authority)
            try { '$($cast.adele.id)' | Revoke-RsUserSession -Force; 'finished' }
            finally { [Console]::Out.WriteLine('stopped'); [Console]::Out.Flush() }
"@) {
            $start.ArgumentList.Add($argument)
        }
        $child = [System.Diagnostics.Process]::Start($start)
        try {
            Wait-Until { (Get-State).requests.singles -gt 0 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            & kill -INT $child.Id
            $child.StandardOutput.ReadLine() | Should -Be stopped
            $watch.ElapsedMilliseconds | Should -BeLessThan 1000
            $child.WaitForExit(5000) | Should -BeTrue
        }
        finally {
            if (-not $child.HasExited) { $child.Kill() }
        }
    }

    It 'follows Select-Object -First' {
        $null = Set-Emulator $emulator latency @{ ms = 50 }
        try {
            $first = $members.id | Revoke-RsUserSession -Confirm:$false -ThrottleLimit 1 | Select-Object -First 3
            $first.Count | Should -Be 3
            $first.Status | Should -Be Revoked, Revoked, Revoked
        }
        finally {
            $null = Set-Emulator $emulator latency @{ ms = 0 }
        }
        (Get-State).distinctRevoked | Should -BeLessThan $members.Count
        $cast.adele.id | Revoke-RsUserSession -Confirm:$false | ForEach-Object Status | Should -Be Revoked
    }

    It 'follows an error further down the pipeline' {
        { $members[0..99].id | Revoke-RsUserSession -Confirm:$false | ForEach-Object { throw 'enough' } } | Should -Throw enough
        $cast.adele.id | Revoke-RsUserSession -Confirm:$false | ForEach-Object Status | Should -Be Revoked
    }

    It 'by the server loses no input: killed midway' {
        $doomed = Start-Emulator -Users 1100
        $other = New-Shell $doomed
        try {
            $users = @(Get-Emulator $doomed 'users?kind=member&top=900').id
            $null = Set-Emulator $doomed latency @{ ms = 30 }
            $other.Runspace.SessionStateProxy.SetVariable('users', $users)
            $other.Runspace.SessionStateProxy.SetVariable('server', $doomed.Process)
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $run = Invoke-Shell $other '$seen = 0; $users | Revoke-RsUserSession -Force -ThrottleLimit 2 | ForEach-Object { if (++$seen -eq 100) { $server.Kill() }; $_ }'
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 60
            $run.Failure | Should -BeNullOrEmpty
            $run.Output.Count | Should -Be 900
            ($run.Output.UserId | Select-Object -Unique).Count | Should -Be 900
            $lost = @($run.Output | Where-Object Status -NE Revoked)
            $lost.Count | Should -BeGreaterThan 0
            $lost.Status | Select-Object -Unique | Should -BeIn Unknown, Failed
            $run.Errors.Count | Should -Be $lost.Count
        }
        finally {
            Close-Shell $other
            Stop-Emulator $doomed
        }
    }
}

Describe 'Two runspaces at once' {
    It 'hold two tenants apart' {
        Reset-Emulator $emulator
        $second = Start-Emulator -Users 200 -Arguments '--seed', '7'
        $shells = @()
        try {
            $shells = (New-Shell $emulator), (New-Shell $second)
            $users = @($members[0..99].id), @((Get-Emulator $second 'users?kind=member&top=100').id)
            $running = foreach ($turn in 0, 1) {
                $null = $shells[$turn].AddScript('param($users) $users | Revoke-RsUserSession -Force').AddArgument($users[$turn])
                $shells[$turn].BeginInvoke()
            }
            $results = foreach ($turn in 0, 1) { , @($shells[$turn].EndInvoke($running[$turn])) }
            foreach ($turn in 0, 1) {
                $results[$turn].Count | Should -Be 100
                $results[$turn].Status | Select-Object -Unique | Should -Be Revoked
            }
            (Get-State).distinctRevoked | Should -Be 100
            (Get-Emulator $second state).distinctRevoked | Should -Be 100
        }
        finally {
            $shells | ForEach-Object { Close-Shell $_ }
            Stop-Emulator $second
        }
    }
}
