#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/revoking.ps1
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
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
