#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 1300
    $cast = Get-Emulator $emulator cast
    $members = @(Get-Emulator $emulator 'users?kind=member')
    $disabled = @(Get-Emulator $emulator 'users?kind=disabled')
    Connect-Emulator $emulator

    # What came and what went wrong, side by side.
    function Invoke-Read([scriptblock] $Read) {
        $users = @(& $Read -ErrorVariable problems -ErrorAction SilentlyContinue)
        [pscustomobject]@{ Users = $users; Errors = @($problems) }
    }

    # The requests that read users, as they were sent.
    function Get-Request { @((Get-Emulator $emulator 'log?tail=500').path | Where-Object { $_ -like '*/users*' -or $_ -like '*/me*' }) }

    function Add-Fault([hashtable] $Rule) { $null = Set-Emulator $emulator faults $Rule }

    function Connect-With([hashtable] $Grant) {
        $token = (Set-Emulator $emulator token $Grant).access_token
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) -GraphEndpoint $emulator.graph -AuthorityHost $emulator.authority
    }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Reading users by id' {
    BeforeEach { Reset-Emulator $emulator }

    It 'gives a user with everything that is asked for' {
        $user = Get-RsUserSession adele@contoso.com
        $user | Should -BeOfType RevokeSession.UserSession
        $user.UserId | Should -Be $cast.adele.id
        $user.UserPrincipalName | Should -Be adele@contoso.com
        $user.DisplayName | Should -Be 'Adele Vance'
        $user.AccountEnabled | Should -BeTrue
        $user.UserType | Should -Be Member
        $user.Department | Should -Not -BeNullOrEmpty
        $user.SessionsValidFrom | Should -BeOfType DateTimeOffset
        $user.SessionsValidFrom.Offset | Should -Be ([System.TimeZoneInfo]::Local.GetUtcOffset($user.SessionsValidFrom))
    }

    It 'takes every form that Revoke-RsUserSession takes' {
        $id = $cast.adele.id
        foreach ($form in @(
                'adele@contoso.com', $id, [guid]$id, @{ ObjectId = $id }
                [pscustomobject]@{ Id = 'sign-in'; UserId = $id }
                [pscustomobject]@{ UserPrincipalName = 'adele@contoso.com' }
            )) {
            (Get-RsUserSession $form).UserId | Should -Be $id
            ($form | Get-RsUserSession).UserId | Should -Be $id
        }
        foreach ($name in 'UserId', 'Id', 'ObjectId', 'UserPrincipalName', 'User', 'InputObject') {
            $named = @{ $name = $id }
            (Get-RsUserSession @named).UserId | Should -Be $id
        }
        (Get-RsUserSession $cast.odd.upn).UserPrincipalName | Should -Be $cast.odd.upn
    }

    It 'keeps the order of a long list, in batches of twenty' {
        $wanted = $members[0..399].id | Sort-Object
        # A request has to take a while for another one to be under way beside it.
        $null = Set-Emulator $emulator latency @{ ms = 30 }
        try {
            ($wanted | Get-RsUserSession).UserId | Should -Be $wanted
        }
        finally {
            $null = Set-Emulator $emulator latency @{ ms = 0 }
        }
        $state = Get-Emulator $emulator state
        $state.requests.batches | Should -Be 20
        $state.maxBatchSize | Should -Be 20
        $state.maxInFlight | Should -BeGreaterThan 1
        $state.revocations | Should -Be 0
    }

    It 'writes one error for each user who cannot be read, and reads the others' {
        Add-Fault @{ on = 'users'; user = $members[1].id; effect = @{ answer = @{ status = 403; body = @{ error = @{ code = 'Authorization_RequestDenied'; message = 'No.' } } } } }
        $mixture = $members[0].id, 'nobody@contoso.com', '../me', $members[1].id, $null, $members[2].id
        $run = Invoke-Read { [CmdletBinding()] param () $mixture | Get-RsUserSession }
        $run.Users.UserId | Should -Be $members[0].id, $members[2].id
        $run.Errors | ForEach-Object { Get-ErrorId $_ } | Should -Be UserNotFound, InvalidUserId, AccessDenied, InvalidUserId
        $run.Errors[0].TargetObject | Should -Be nobody@contoso.com
        $run.Errors[0].CategoryInfo.Category | Should -Be ObjectNotFound
        $run.Errors[2].TargetObject | Should -Be $members[1].id
        $run.Errors[2].ErrorDetails.RecommendedAction | Should -BeLike '*User.Read.All*'
    }

    It 'reads nobody for no users' {
        @() | Get-RsUserSession | Should -BeNullOrEmpty
        Get-RsUserSession -UserId @() | Should -BeNullOrEmpty
        @() | Get-RsUserSession -All -ErrorAction Stop | Should -BeNullOrEmpty
        Get-Request | Should -BeNullOrEmpty
    }

    It 'reads the signed-in user' {
        Connect-With @{ kind = 'delegated'; upn = 'adele@contoso.com'; scopes = @('User.Read') }
        try {
            (Get-RsUserSession -Me).UserId | Should -Be $cast.adele.id
        }
        finally {
            Connect-Emulator $emulator
        }
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsUserSession -Me }
        Get-ErrorId $run.Errors[0] | Should -Be DelegatedSignInRequired
    }

    It 'waits and repeats where Graph asks for it' {
        Add-Fault @{ on = 'step'; times = 5; effect = @{ retry_after = '0.3' } }
        Add-Fault @{ on = 'batch'; times = 1; effect = @{ close = 'after' } }
        ($members[0..39].id | Get-RsUserSession).UserId | Should -Be $members[0..39].id
        (Get-Emulator $emulator state).throttled | Should -Be 5
    }
}

Describe 'Finding users' {
    BeforeEach { Reset-Emulator $emulator }

    It 'gives the first hundred, and says that there are more' {
        $users = Get-RsUserSession -WarningVariable warnings -WarningAction SilentlyContinue
        $users.Count | Should -Be 100
        $warnings | Should -BeLike '*-All*'
        $few = Get-RsUserSession -Filter "userPrincipalName eq 'lee@contoso.com'" -WarningVariable warnings
        $few.UserPrincipalName | Should -Be lee@contoso.com
        $warnings | Should -BeNullOrEmpty
    }

    It 'gives all, in as few pages as there can be' {
        $users = @(Get-RsUserSession -All)
        $users.Count | Should -Be 1300
        @($users.UserId | Sort-Object -Unique).Count | Should -Be 1300
        @(Get-Request).Count | Should -Be 2
    }

    It 'gives so many' {
        @(Get-RsUserSession -Top 5 -WarningAction Stop).Count | Should -Be 5
        @(Get-RsUserSession -Top 1200).Count | Should -Be 1200
        @(Get-RsUserSession -All -Top 7).Count | Should -Be 7
        (Get-Request)[0] | Should -BeLike '*top=5&*'.Replace('&', '')
    }

    It 'filters, with what advanced queries need' {
        @(Get-RsUserSession -Filter 'accountEnabled eq false' -All).Count | Should -Be $disabled.Count
        @(Get-RsUserSession -Filter 'accountEnabled ne true' -All).Count | Should -Be $disabled.Count
        @(Get-RsUserSession -Filter "endsWith(userPrincipalName,'#EXT#@contoso.com')" -All).UserType | Select-Object -Unique | Should -Be Guest
        @(Get-RsUserSession -Filter "displayName eq 'not this ne'" -All) | Should -BeNullOrEmpty
        $counted = Get-Request | ForEach-Object { $_ -like '*count=true*' }
        $counted | Should -Be $false, $true, $true, $false
    }

    It 'searches, with the quotes that Graph wants' {
        (Get-RsUserSession -Search 'displayName:adele').UserId | Should -Contain $cast.adele.id
        (Get-RsUserSession -Search '"displayName:adele"').UserId | Should -Contain $cast.adele.id
    }

    It 'asks for no more than is taken' {
        @(Get-RsUserSession -All | Select-Object -First 5).Count | Should -Be 5
        @(Get-Request).Count | Should -Be 1
    }

    It 'tells a filter that Graph does not understand in its own words, once' {
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsUserSession -Filter "shoeSize eq '7'" }
        $run.Errors.Count | Should -Be 1
        $run.Errors[0].FullyQualifiedErrorId | Should -Be 'RequestRejected,RevokeSession.Commands.GetRsUserSessionCommand'
        "$($run.Errors[0])" | Should -BeLike '*shoeSize*'
        $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Filter*'
        { Get-RsUserSession -Filter '' } | Should -Throw
    }

    It 'tells the permission that is missing' {
        Connect-With @{ roles = @('User.RevokeSessions.All') }
        try {
            $run = Invoke-Read { [CmdletBinding()] param () Get-RsUserSession -All }
        }
        finally {
            Connect-Emulator $emulator
        }
        Get-ErrorId $run.Errors[0] | Should -Be AccessDenied
        $run.Errors[0].CategoryInfo.Category | Should -Be PermissionDenied
        $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*User.Read.All*'
    }

    It 'follows no link that leads elsewhere: <_>' -ForEach @(
        'https://evil.example/v1.0/users?$skiptoken=x'
        '{0}/beta/users?$skiptoken=x'
        '{0}/v1.0/../_emulator/state'
        '/v1.0/users'
    ) {
        $link = $_ -f $emulator.graph
        $page = @{ value = @(@{ id = 'a' }); '@odata.nextLink' = $link }
        Add-Fault @{ on = 'users'; times = 1; effect = @{ answer = @{ status = 200; body = $page } } }
        $run = Invoke-Read { [CmdletBinding()] param () Get-RsUserSession -All }
        $run.Users.UserId | Should -Be a
        $run.Errors.Count | Should -Be 1
        Get-ErrorId $run.Errors[0] | Should -Be InvalidAnswer
        $run.Errors[0].CategoryInfo.Category | Should -Be InvalidData
        @((Get-Emulator $emulator log).path).Count | Should -Be 1
    }

    It 'goes on where an answer got lost' {
        Add-Fault @{ on = 'users'; after = 1; times = 1; effect = @{ truncate = 1000 } }
        Add-Fault @{ on = 'users'; times = 1; effect = @{ retry_after = '0.2' } }
        @(Get-RsUserSession -All).Count | Should -Be 1300
    }

    It 'renews a token that ended' {
        $null = Set-Emulator $emulator expire-tokens
        @(Get-RsUserSession -Top 3).Count | Should -Be 3
    }

    It 'says nothing of the secret or the token, however much is asked' {
        $shell = New-Shell $emulator
        try {
            $run = Invoke-Shell $shell 'Get-RsUserSession -Top 3 -Verbose -Debug | Format-List * | Out-String'
            $all = "$($run.Output) $($run.Lines) $($shell.Streams.Verbose) $($shell.Streams.Debug)"
            $all | Should -BeLike '*request-id*'
            $all | Should -Not -BeLike "*$($emulator.clientSecret)*"
            $all | Should -Not -Match 'eyJ|Bearer'
        }
        finally {
            Close-Shell $shell
        }
    }
}

Describe 'Reading, and then revoking' {
    BeforeEach { Reset-Emulator $emulator }

    It 'pipes each user on, once' {
        $results = Get-RsUserSession -Filter 'accountEnabled eq false' -All | Revoke-RsUserSession -Confirm:$false
        @($results).Count | Should -Be $disabled.Count
        $state = Get-Emulator $emulator state
        $state.distinctRevoked | Should -Be $disabled.Count
        $state.duplicateRevocations | Should -Be 0
    }

    It 'shows what a revocation did' {
        $before = Get-RsUserSession adele@contoso.com
        $null = $before | Revoke-RsUserSession -Confirm:$false
        (Get-RsUserSession adele@contoso.com).SessionsValidFrom | Should -BeGreaterThan $before.SessionsValidFrom
    }
}

Describe 'With the session of Connect-MgGraph' {
    BeforeAll {
        Import-Module (Join-Path $PSScriptRoot standins Microsoft.Graph.Authentication)
        Connect-MgGraph $emulator -Renew
        Connect-RsGraph -UseMgGraphSession
    }

    AfterAll {
        Remove-Module Microsoft.Graph.Authentication
        Connect-Emulator $emulator
    }

    BeforeEach { Reset-Emulator $emulator }

    It 'takes the token from the pipeline thread while it reads, and where another command reads within' {
        $inner = $null
        $users = Get-RsUserSession -All | ForEach-Object {
            if (-not $inner) {
                $null = Set-Emulator $emulator expire-tokens
                $inner = $_ | Get-RsUserSession
                $null = Set-Emulator $emulator expire-tokens
            }
            $_
        }
        $users.Count | Should -Be 1300
        $inner.UserId | Should -Be $users[0].UserId
    }
}

Describe 'Without a sign-in' {
    It 'says which line to run, for each user' {
        $shell = New-Shell
        try {
            foreach ($case in @(@('Get-RsUserSession -All', 1), @('Get-RsUserSession a@b, c@d', 2), @('Get-RsUserSession -Me', 1))) {
                $run = Invoke-Shell $shell $case[0]
                $run.Output | Should -BeNullOrEmpty
                $run.Errors.Count | Should -Be $case[1]
                $run.Errors | ForEach-Object { Get-ErrorId $_ } | Select-Object -Unique | Should -Be NotConnected
                $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*Connect-RsGraph*'
            }
        }
        finally {
            Close-Shell $shell
        }
    }
}

Describe 'A directory of a hundred thousand' {
    BeforeAll {
        $large = Start-Emulator -Users 100000
        Connect-Emulator $large
    }

    AfterAll {
        Stop-Emulator $large
        Connect-Emulator $emulator
    }

    It 'is read with no more memory than a small one' {
        # The first reading fills what stays full: code, buffers, threads.
        $null = @(Get-RsUserSession -All -Top 5000).Count
        $measure = {
            [System.GC]::Collect()
            [System.GC]::WaitForPendingFinalizers()
            [System.GC]::Collect()
            $process = [System.Diagnostics.Process]::GetCurrentProcess()
            $process.Refresh()
            $process.WorkingSet64
        }
        $before = & $measure
        $most = 0
        $count = 0
        Get-RsUserSession -All | ForEach-Object {
            $count++
            if ($count % 20000 -eq 0) {
                $now = & $measure
                $most = [Math]::Max($most, $now - $before)
            }
        }
        $count | Should -Be 100000
        # The users alone would be more than this.
        $most | Should -BeLessThan 48MB
        @((Get-Emulator $large 'log?tail=500').path | Where-Object { $_ -like '*/users*' -and $_ -like '*top=999*' }).Count | Should -BeGreaterOrEqual 101
    }

    It 'gives the first of them after one request' {
        Reset-Emulator $large
        @(Get-RsUserSession -All | Select-Object -First 5).Count | Should -Be 5
        (Get-Emulator $large state).requests.users | Should -Be 1
    }

    It 'is given up within a second' {
        $null = Set-Emulator $large latency @{ ms = 30000 }
        $shell = New-Shell
        try {
            $null = Invoke-Shell $shell '$p = $args[0]; Connect-RsGraph @p' (Get-SignIn $large)
            $null = $shell.Commands.Clear()
            $null = $shell.AddScript('Get-RsUserSession -All')
            $pending = $shell.BeginInvoke()
            Wait-Until { (Get-Emulator $large state).maxInFlight -ge 1 -and (Get-Emulator $large state).requests.users -gt 1 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 1
            $pending.IsCompleted | Should -BeTrue
        }
        finally {
            $null = Set-Emulator $large latency @{ ms = 0 }
            Close-Shell $shell
        }
    }
}
