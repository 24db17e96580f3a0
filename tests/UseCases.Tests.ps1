#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

# Each use case that the documentation names, from the first line to the last, on the emulator.

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 400
    $cast = Get-Emulator $emulator cast
    $members = @(Get-Emulator $emulator 'users?kind=member')
    Connect-Emulator $emulator

    # Whom the emulator revoked, by object id.
    function Get-Revoked { @((Get-Emulator $emulator revocations).PSObject.Properties.Name) | Sort-Object }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'about_RsIncidentResponse' {
    BeforeEach { Reset-Emulator $emulator }

    It 'one user' {
        Revoke-RsUserSession adele@contoso.com -Confirm:$false | ForEach-Object Value | Should -BeTrue
        Get-Revoked | Should -Be $cast.adele.id
    }

    It 'many users from CSV, looked at first' {
        $csv = Join-Path $TestDrive users.csv
        $members | Select-Object -First 60 userPrincipalName | Export-Csv $csv
        Import-Csv $csv | Select-Object -First 2 | Revoke-RsUserSession -WhatIf *> $null
        Get-Revoked | Should -BeNullOrEmpty
        $results = @(Import-Csv $csv | Revoke-RsUserSession -Confirm:$false)
        $results.Status | Sort-Object -Unique | Should -Be Revoked
        (Get-Revoked).Count | Should -Be 60
    }

    It 'everybody whose account is disabled' {
        $disabled = @(Get-Emulator $emulator 'users?kind=disabled' | Where-Object { $_.userType -eq 'Member' -and -not $_.isAdmin })
        $results = @(Get-RsUserSession -Filter 'accountEnabled eq false' -All | Where-Object UserType -EQ Member | Revoke-RsUserSession -Confirm:$false)
        $results.Status | Sort-Object -Unique | Should -Be Revoked
        Get-Revoked | Should -Be ($disabled.id | Sort-Object)
    }

    It 'a department, with proof, a journal and a report' {
        $sales = @(Get-RsUserSession -Filter "department eq 'Sales'" -All)
        $sales.Count | Should -BeGreaterThan 5
        $journal = Join-Path $TestDrive incident.jsonl
        $report = Join-Path $TestDrive incident.html
        $results = @($sales | Revoke-RsUserSession -Confirm:$false -Verify -JournalPath $journal -ErrorAction SilentlyContinue)
        $results.Count | Should -Be $sales.Count
        @($results | Where-Object Status -EQ Revoked | Where-Object Verified -NE $true) | Should -BeNullOrEmpty
        # Another run with the same journal has nothing left to do but what was refused.
        $again = @($sales | Revoke-RsUserSession -Confirm:$false -Verify -JournalPath $journal -ErrorAction SilentlyContinue)
        $again.Status | Should -Not -Contain Revoked
        Export-RsReport -JournalPath $journal -OutputPath $report
        $page = Get-Content $report -Raw
        foreach ($user in $sales) {
            $page | Should -BeLike "*$($user.UserId)*"
        }
    }

    It 'whoever signed in from a suspicious address' {
        $roles = 'User.RevokeSessions.All', 'AuditLog.Read.All'
        $token = (Set-Emulator $emulator token @{ kind = 'app'; roles = $roles }).access_token
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) -GraphEndpoint $emulator.graph -AuthorityHost $emulator.authority
        # The address that the most users share, as an attacker's does.
        $address = Get-RsSignIn -Since (Get-Date).AddDays(-30) | Group-Object IpAddress |
            Sort-Object { @($_.Group.UserId | Sort-Object -Unique).Count } -Descending | Select-Object -First 1
        $affected = @($address.Group.UserId | Sort-Object -Unique)
        $affected.Count | Should -BeGreaterThan 1
        $results = @(Get-RsSignIn -IpAddress $address.Name -Since (Get-Date).AddDays(-30) |
                Revoke-RsUserSession -Confirm:$false -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        $results.Count | Should -Be $address.Count
        @($results.UserId | Sort-Object -Unique) | Should -Be $affected
        (Get-Emulator $emulator state).duplicateRevocations | Should -Be 0
        Connect-Emulator $emulator
    }

    It 'the signed-in user' {
        $token = (Set-Emulator $emulator token @{ kind = 'delegated'; upn = 'adele@contoso.com' }).access_token
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) -GraphEndpoint $emulator.graph -AuthorityHost $emulator.authority
        try {
            (Get-RsUserSession -Me).UserPrincipalName | Should -Be adele@contoso.com
            Revoke-RsUserSession -Me -Confirm:$false | ForEach-Object Status | Should -Be Revoked
            Get-Revoked | Should -Be $cast.adele.id
        }
        finally {
            Connect-Emulator $emulator
        }
    }

    It 'guests among them' {
        $everybody = @(Get-RsUserSession -All)
        $results = @($everybody | Revoke-RsUserSession -Confirm:$false -Verify -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        $guests = @($everybody | Where-Object UserType -EQ Guest)
        $guests.Count | Should -BeGreaterThan 0
        foreach ($guest in $guests) {
            $result = $results | Where-Object UserId -EQ $guest.UserId
            $result.Status | Should -Be Skipped
            $result.Value | Should -BeFalse
            $result.Note | Should -BeLike '*home tenant*'
        }
    }

    It 'the five answers of Revoke-SPOUserSession: <Answer>' -ForEach @(
        @{ Answer = 'not found'; Status = 'NotFound'; User = { 'gone@contoso.com' } }
        @{ Answer = 'signed out'; Status = 'Revoked'; Verified = $true; User = { 'adele@contoso.com' } }
        @{ Answer = 'within an hour'; Status = 'Revoked'; User = { 'lee@contoso.com' } }
        @{ Answer = 'failed'; Status = 'Failed'; User = { 'adele@contoso.com' }; Fault = @{ on = 'revoke'; effect = @{ answer = @{ status = 400; body = @{ error = @{ code = 'Request_BadRequest'; message = 'no' } } } } } }
        @{ Answer = 'not allowed'; Status = 'Denied'; User = { $cast.admins[0].upn } }
    ) {
        if ($Fault) { $null = Set-Emulator $emulator faults $Fault }
        $result = Revoke-RsUserSession (& $User) -Confirm:$false -Verify:($null -ne $Verified) -ErrorAction SilentlyContinue
        $result.Status | Should -Be $Status
        $result.Verified | Should -Be $Verified
        if ($Status -ne 'Revoked') {
            $result.Message | Should -Not -BeNullOrEmpty
            $result.ErrorCode | Should -Not -BeNullOrEmpty
        }
    }

    It 'the other steps are one pipe away: a <_> has what Update-MgUser takes' -ForEach 'result', 'user session' {
        # Stands in for the cmdlet of Microsoft.Graph.Users: what it takes from the pipeline by name.
        function Update-MgUser {
            param ([Parameter(ValueFromPipelineByPropertyName)] [string] $UserId, [switch] $AccountEnabled)
            process { $UserId }
        }
        $object = if ($_ -eq 'result') { Revoke-RsUserSession $cast.adele.id -Confirm:$false } else { Get-RsUserSession $cast.adele.id }
        $object | Update-MgUser -AccountEnabled:$false | Should -Be $cast.adele.id
    }
}
