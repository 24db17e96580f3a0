#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 60 -Arguments '--sign-ins', '3000'
    $log = @(Get-Emulator $emulator sign-ins)
    $day = [DateTimeOffset]::UtcNow.AddHours(-24)
    # Entries around this moment may fall on either side of it.
    $lastDay = @($log | Where-Object { [DateTimeOffset]$_.created -gt $day.AddMinutes(3) })

    function Connect-With([hashtable] $Grant) {
        $token = (Set-Emulator $emulator token $Grant).access_token
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) -GraphEndpoint $emulator.graph -AuthorityHost $emulator.authority
    }

    function Connect-Reader { Connect-With @{ roles = @('AuditLog.Read.All', 'User.Read.All', 'User.RevokeSessions.All') } }

    function Invoke-Read([scriptblock] $Read) {
        $entries = @(& $Read -ErrorVariable problems -ErrorAction SilentlyContinue)
        [pscustomobject]@{ Entries = $entries; Errors = @($problems) }
    }

    # The queries as they were sent, readable.
    function Get-Query {
        (Get-Emulator $emulator 'log?tail=500').path | Where-Object { $_ -like '*/auditLogs/*' } |
            ForEach-Object { [uri]::UnescapeDataString($_) }
    }

    # Whether exactly these entries came, in any order.
    function Assert-Same($Entries, $Expected) {
        $Expected.Count | Should -BeGreaterThan 0
        @($Entries.Id | Sort-Object) | Should -Be @($Expected.id | Sort-Object)
    }

    Connect-Reader
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Reading the sign-in log' {
    BeforeEach { Reset-Emulator $emulator }

    It 'gives the last day, newest first, and says so' {
        $entries = @(Get-RsSignIn -Verbose 4>&1)
        $said = @($entries | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] })
        $entries = @($entries | Where-Object { $_ -is [RevokeSession.SignIn] })
        "$said" | Should -BeLike '*-Since*'
        [Math]::Abs($entries.Count - $lastDay.Count) | Should -BeLessThan 10
        $times = $entries.CreatedDateTime
        ($times | Sort-Object -Descending) | Should -Be $times
    }

    It 'gives typed entries' {
        $entry = Get-RsSignIn -Status Failure -Top 1
        $entry | Should -BeOfType RevokeSession.SignIn
        $same = $log | Where-Object id -EQ $entry.Id
        $entry.UserId | Should -Be $same.userId
        $entry.UserPrincipalName | Should -Be $same.userPrincipalName
        $entry.UserDisplayName | Should -Not -BeNullOrEmpty
        $entry.CreatedDateTime | Should -BeOfType DateTimeOffset
        $entry.CreatedDateTime.ToUnixTimeSeconds() | Should -Be ([DateTimeOffset]$same.created).ToUnixTimeSeconds()
        $entry.IpAddress | Should -Be $same.ipAddress
        $entry.AppId | Should -Be $same.appId
        $entry.AppDisplayName | Should -Not -BeNullOrEmpty
        $entry.ClientAppUsed | Should -Not -BeNullOrEmpty
        $entry.Status | Should -Be Failure
        $entry.ErrorCode | Should -BeOfType int
        $entry.ErrorCode | Should -Be $same.errorCode
        $entry.FailureReason | Should -Not -BeNullOrEmpty
        $entry.IsInteractive | Should -BeOfType bool
        (Get-RsSignIn -Status Success -Top 1).FailureReason | Should -BeNullOrEmpty
    }

    It 'gives everything with -All, and so many with -Top' {
        @(Get-RsSignIn -All).Count | Should -Be 3000
        @(Get-Query).Count | Should -Be 3
        @(Get-RsSignIn -All -Top 1500).Count | Should -Be 1500
        (Get-RsSignIn -Top 7).Count | Should -Be 7
        @(Get-Query)[-1] | Should -BeLike '*top=7&*'
    }

    It 'keeps to the time, local or not' {
        $since = [DateTime]::Now.AddHours(-10)
        $until = [DateTime]::UtcNow.AddHours(-5)
        Assert-Same (Get-RsSignIn -Since $since -Until $until) @($log | Where-Object {
                $created = [DateTimeOffset]$_.created
                $created -ge [DateTimeOffset]$since -and $created -le [DateTimeOffset]$until
            })
    }

    It 'finds by address: <_>' -ForEach '203.0.113.7', '192.0.2.10', '10.1.15.255' {
        Assert-Same (Get-RsSignIn $_ -All) @($log | Where-Object ipAddress -EQ $_)
    }

    It 'finds by range: <Range>' -ForEach @(
        @{ Range = '203.0.113.0/24'; Pattern = '^203\.0\.113\.' }
        @{ Range = '203.0.113.7/32'; Pattern = '^203\.0\.113\.7$' }
        @{ Range = '192.0.2.0/26'; Pattern = '^192\.0\.2\.10$' }
        @{ Range = '10.1.2.3/20'; Pattern = '^10\.1\.(2\.3|15\.255)$' }
        @{ Range = '0.0.0.0/0'; Pattern = '\.' }
        @{ Range = '128.0.0.0/1'; Pattern = '^(203|198|192)\.' }
        @{ Range = '2001:db8::/32'; Pattern = '^2001:0?db8:' }
        @{ Range = '2001:db8::/31'; Pattern = '^2001:' }
        @{ Range = '2001:DB8:85a3:0:0:8a2e:370:7334'; Pattern = '^2001:0?db8:85a3' }
        @{ Range = '2001:db8:85a3::8a2e:370:0/112'; Pattern = '^2001:0?db8:85a3' }
        @{ Range = '2A02:8109:B0C:1::7'; Pattern = '^2a02:' }
        @{ Range = '::ffff:203.0.113.7'; Pattern = '^203\.0\.113\.7$' }
    ) {
        Assert-Same (Get-RsSignIn -IpAddress $Range -All) @($log | Where-Object ipAddress -Match $Pattern)
    }

    It 'narrows a range at Graph as far as text allows' {
        $null = Get-RsSignIn 10.1.2.3/20, 203.0.113.7
        $null = Get-RsSignIn 2a02:8109:b0c:1::7
        $queries = @(Get-Query)
        $queries[0] | Should -BeLike "*(ipAddress eq '203.0.113.7' or startsWith(ipAddress,'10.1.'))*"
        $queries[1] | Should -BeLike "*startsWith(ipAddress,'2a02:8109:')*"
    }

    It 'finds each entry once in many overlapping ranges' {
        $ranges = @(0..255 | ForEach-Object { "203.0.113.$_" }) + '203.0.113.0/24', '203.0.0.0/16', '203.0.113.64/26'
        Assert-Same (Get-RsSignIn $ranges -All) @($log | Where-Object ipAddress -Match '^203\.')
    }

    It 'refuses what is no address, and looks for the others' {
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn 'adele', '203.0.113.7', '10.0.0.0/33' -All }
        Assert-Same $run.Entries @($log | Where-Object ipAddress -EQ 203.0.113.7)
        $run.Errors | ForEach-Object { Get-ErrorId $_ } | Should -Be InvalidIpAddress, InvalidIpAddress
        $run.Errors[0].CategoryInfo.Category | Should -Be InvalidArgument
        $run.Errors.TargetObject | Should -Be adele, 10.0.0.0/33
        Reset-Emulator $emulator
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn 'fe80::1%eth0', "1.2.3.4' or '1' eq '1" }
        $run.Errors.Count | Should -Be 2
        $run.Entries | Should -BeNullOrEmpty
        Get-Query | Should -BeNullOrEmpty
    }

    It 'finds by user, by id and by name, guests as well' {
        $adele = (Get-Emulator $emulator cast).adele
        $guest = (Get-Emulator $emulator cast).guests[0]
        $ofAdele = @($log | Where-Object userId -EQ $adele.id)
        Assert-Same (Get-RsSignIn -User $adele.id -All) $ofAdele
        Assert-Same (Get-RsSignIn -User ADELE@contoso.com -All) $ofAdele
        Assert-Same ($adele.id, 'adele@contoso.com', $adele.id | Get-RsSignIn -All) $ofAdele
        Assert-Same (Get-RsSignIn -User $guest.upn -All) @($log | Where-Object userId -EQ $guest.id)
        Assert-Same (Get-RsSignIn -User "o'hara@contoso.com" -All) @($log | Where-Object userPrincipalName -EQ "o'hara@contoso.com")
        Assert-Same (Get-RsUserSession adele@contoso.com | Get-RsSignIn -All) $ofAdele
    }

    It 'takes many users, in several queries' {
        $users = @(Get-Emulator $emulator users)
        Assert-Same ($users.id | Get-RsSignIn -All) $log
        @(Get-Query | Where-Object { $_ -notlike '*skiptoken*' }).Count | Should -Be 6
    }

    It 'asks for nothing where nobody is asked for' {
        @() | Get-RsSignIn | Should -BeNullOrEmpty
        Get-RsSignIn -User @() | Should -BeNullOrEmpty
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn -User '../me' }
        Get-ErrorId $run.Errors[0] | Should -Be InvalidUserId
        Get-Query | Should -BeNullOrEmpty
    }

    It 'puts all conditions together' {
        $app = $log[0].appId
        $found = Get-RsSignIn 203.0.113.0/24 -AppId $app -Status Success -All -Filter "isInteractive eq true or isInteractive eq false"
        Assert-Same $found @($log | Where-Object { $_.ipAddress -match '^203' -and $_.appId -eq $app -and $_.errorCode -eq 0 })
        (Get-RsSignIn -Status Failure -All).Count | Should -Be @($log | Where-Object errorCode -NE 0).Count
    }

    It 'asks for no more than is taken' {
        @(Get-RsSignIn -All | Select-Object -First 5).Count | Should -Be 5
        @(Get-Query).Count | Should -Be 1
    }
}

Describe 'When the log is not given' {
    BeforeEach { Reset-Emulator $emulator }

    It 'names the permission' {
        Connect-With @{ roles = @('User.Read.All') }
        try {
            $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn }
        }
        finally {
            Connect-Reader
        }
        $run.Errors.Count | Should -Be 1
        $run.Errors[0].FullyQualifiedErrorId | Should -Be 'AccessDenied,RevokeSession.Commands.GetRsSignInCommand'
        $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*AuditLog.Read.All*Reports Reader*'
    }

    It 'names the licence' {
        $null = Set-Emulator $emulator license @{ premium = $false }
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn }
        $run.Errors.Count | Should -Be 1
        Get-ErrorId $run.Errors[0] | Should -Be LicenseRequired
        "$($run.Errors[0])" | Should -BeLike '*premium license*'
        $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*P1*'
    }

    It 'tells a filter that Graph does not understand in its own words' {
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn -Filter "ipAddress ne 'x'" }
        Get-ErrorId $run.Errors[0] | Should -Be RequestRejected
        "$($run.Errors[0])" | Should -BeLike '*ipAddress ne*'
    }

    It 'follows no link that leads elsewhere' {
        $page = @{ value = @(); '@odata.nextLink' = 'https://evil.example/v1.0/auditLogs/signIns?$skiptoken=x' }
        $null = Set-Emulator $emulator faults @{ on = 'signins'; times = 1; effect = @{ answer = @{ status = 200; body = $page } } }
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsSignIn }
        Get-ErrorId $run.Errors[0] | Should -Be InvalidAnswer
        @(Get-Query).Count | Should -Be 1
    }

    It 'waits as it is asked to' {
        $null = Set-Emulator $emulator faults @{ on = 'signins'; times = 2; effect = @{ retry_after = '0.2' } }
        @(Get-RsSignIn -Top 3).Count | Should -Be 3
        (Get-Emulator $emulator state).throttled | Should -Be 2
    }

    It 'says which line to run without a sign-in' {
        $shell = New-Shell
        try {
            $run = Invoke-Shell $shell 'Get-RsSignIn'
            Get-ErrorId $run.Errors[0] | Should -Be NotConnected
        }
        finally {
            Close-Shell $shell
        }
    }

    It 'says nothing of the token, however much is asked' {
        $all = Get-RsSignIn -Top 3 -Verbose -Debug *>&1 | Out-String -Width 500
        $all | Should -BeLike '*request-id*'
        $all | Should -Not -Match 'eyJ|Bearer'
    }
}

Describe 'Reading the log, and then revoking' {
    BeforeEach { Reset-Emulator $emulator }

    It 'revokes each user once, however often they are in it' {
        $entries = @(Get-RsSignIn 203.0.113.0/24 -All)
        $users = @($entries.UserId | Sort-Object -Unique)
        $entries.Count | Should -BeGreaterThan ($users.Count * 2)
        $results = $entries | Revoke-RsUserSession -Confirm:$false -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        @($results).Count | Should -Be $entries.Count
        $state = Get-Emulator $emulator state
        $state.duplicateRevocations | Should -Be 0
        $state.requests.steps + $state.requests.singles | Should -BeLessOrEqual $users.Count
        $revoked = @((Get-Emulator $emulator revocations).PSObject.Properties.Name)
        $revoked | Where-Object { $_ -notin $users } | Should -BeNullOrEmpty
        $revoked.Count | Should -BeGreaterThan 1
    }
}
