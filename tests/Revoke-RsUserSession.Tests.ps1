#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/revoking.ps1
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
