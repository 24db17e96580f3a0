#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 300
    $members = @(Get-Emulator $emulator 'users?kind=member')
    $guest = @(Get-Emulator $emulator 'users?kind=guest')[0]
    Connect-Emulator $emulator

    function Get-State { Get-Emulator $emulator state }

    # The lines of a journal as objects.
    function Read-Line([string] $Path) { Get-Content -LiteralPath $Path | ConvertFrom-Json }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe '-Verify' {
    BeforeEach { Reset-Emulator $emulator }

    It 'proves each revocation by the stamp, before and after' {
        $begin = [System.DateTimeOffset]::Now.AddSeconds(-2)
        $results = @($members | Select-Object -First 100 | Revoke-RsUserSession -Confirm:$false -Verify)
        $results.Count | Should -Be 100
        $results.Status | Sort-Object -Unique | Should -Be Revoked
        $results.Verified | Sort-Object -Unique | Should -BeTrue
        $results | ForEach-Object { $_.SessionsValidFrom | Should -BeGreaterThan $begin }
        (Get-State).duplicateRevocations | Should -Be 0
    }

    It 'is not there unless asked for' {
        $result = Revoke-RsUserSession $members[0].id -Confirm:$false
        $result.Verified | Should -BeNullOrEmpty
        $result.SessionsValidFrom | Should -BeNullOrEmpty
    }

    It 'knows a guest by what it is, even by its object id' {
        $result = Revoke-RsUserSession $guest.id -Confirm:$false -Verify -WarningVariable warnings -WarningAction SilentlyContinue
        $result.Status | Should -Be Skipped
        $result.Value | Should -BeFalse
        $result.Verified | Should -BeNullOrEmpty
        $result.Note | Should -BeLike '*home tenant*'
        @($warnings).Count | Should -Be 1
    }

    It 'waits for a change that takes a while' {
        $null = Set-Emulator $emulator propagation @{ ms = 700 }
        (Revoke-RsUserSession $members[0].id -Confirm:$false -Verify).Verified | Should -BeTrue
    }

    It 'says so when the stamp does not move' {
        $null = Set-Emulator $emulator propagation @{ ms = 3600000 }
        $result = Revoke-RsUserSession $members[0].id -Confirm:$false -Verify
        $result.Status | Should -Be Revoked
        $result.Verified | Should -BeFalse
        $result.Note | Should -BeLike '*had not moved*'
    }

    It 'without the permission to read warns once and revokes all the same' {
        $token = (Set-Emulator $emulator token @{ kind = 'app'; roles = @('User.RevokeSessions.All') }).access_token
        Connect-RsGraph -AccessToken (ConvertTo-Secret $token) -GraphEndpoint $emulator.graph -AuthorityHost $emulator.authority
        try {
            $results = @($members | Select-Object -First 50 | Revoke-RsUserSession -Confirm:$false -Verify -WarningVariable warnings -WarningAction SilentlyContinue)
            $results.Status | Sort-Object -Unique | Should -Be Revoked
            @($results | Where-Object { $null -ne $_.Verified }).Count | Should -Be 0
            $results.Note | Sort-Object -Unique | Should -BeLike 'Not verified*'
            @($warnings).Count | Should -Be 1
            "$warnings" | Should -BeLike '*User.Read.All*'
        }
        finally {
            Connect-Emulator $emulator
        }
    }
}

Describe '-JournalPath' {
    BeforeEach {
        Reset-Emulator $emulator
        $journal = Join-Path $TestDrive "$([guid]::NewGuid()).jsonl"
    }

    It 'has every intent before its outcome, who did it, and no secret' {
        $results = @($members | Select-Object -First 30 | Revoke-RsUserSession -Confirm:$false -JournalPath $journal)
        $results.Count | Should -Be 30
        $lines = @(Read-Line $journal)
        $lines[0].type | Should -Be run
        $lines[0].schema | Should -Be 1
        $lines[0].tenantId | Should -Be $emulator.tenantId
        $lines[0].clientId | Should -Be $emulator.clientId
        $lines[-1].type | Should -Be end
        $seen = @{}
        foreach ($line in $lines) {
            if ($line.type -eq 'intent') { $seen[$line.userId] = $true }
            if ($line.type -eq 'outcome') { $seen[$line.userId] | Should -BeTrue }
        }
        @($lines | Where-Object type -EQ outcome | Where-Object status -EQ Revoked).Count | Should -Be 30
        $text = Get-Content $journal -Raw
        $text | Should -Not -BeLike "*$($emulator.clientSecret)*"
        $text | Should -Not -BeLike '*eyJ*'
    }

    It 'has what named no user as well' {
        '../me' | Revoke-RsUserSession -Confirm:$false -JournalPath $journal -ErrorAction SilentlyContinue |
            ForEach-Object UserId | Should -Be '../me'
        (Read-Line $journal | Where-Object type -EQ outcome).error | Should -Be InvalidUserId
    }

    It 'answers whom an earlier run revoked, with the time of then' {
        $first = @($members | Select-Object -First 10 | Revoke-RsUserSession -Confirm:$false -JournalPath $journal)
        $again = @($members | Select-Object -First 12 | Revoke-RsUserSession -Confirm:$false -JournalPath $journal)
        $again.Status | Select-Object -First 10 | Sort-Object -Unique | Should -Be Skipped
        $then = @{}
        $first | ForEach-Object { $then[$_.UserId] = $_.Timestamp }
        $again | Select-Object -First 10 | ForEach-Object { $_.Timestamp | Should -Be $then[$_.UserId] }
        $again | Select-Object -Last 2 | ForEach-Object Status | Should -Be Revoked, Revoked
        (Get-State).duplicateRevocations | Should -Be 0
        (Get-State).distinctRevoked | Should -Be 12
    }

    It 'is not made by -WhatIf' {
        $members[0].id | Revoke-RsUserSession -WhatIf -JournalPath $journal *> $null
        $journal | Should -Not -Exist
    }

    It 'ends the cmdlet before anything is sent when it is <Name>' -ForEach @(
        @{ Name = 'in no folder'; Make = { Join-Path $TestDrive nowhere journal.jsonl } }
        @{ Name = 'a folder'; Make = { $TestDrive } }
        @{ Name = 'no journal'; Make = { Set-Content $journal "Dear diary`nwhat a day"; $journal } }
        @{ Name = 'of another tenant'; Make = {
                $null = $members[0].id | Revoke-RsUserSession -Confirm:$false -JournalPath $journal
                (Get-Content $journal -Raw).Replace($emulator.tenantId, [guid]::NewGuid()) | Set-Content $journal -NoNewline
                Reset-Emulator $emulator
                $journal
            }
        }
    ) {
        $path = & $Make
        $failure = $null
        try {
            $members | Revoke-RsUserSession -Confirm:$false -JournalPath $path
        }
        catch {
            $failure = $_
        }
        Get-ErrorId $failure | Should -Be JournalUnavailable
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        (Get-State).revocations | Should -Be 0
    }

    It 'is not written by two at once' {
        $null = Set-Emulator $emulator latency @{ ms = 1500 }
        $shell = New-Shell $emulator
        try {
            $null = $shell.AddCommand('Revoke-RsUserSession').AddParameters(@{ UserId = $members[0].id; JournalPath = $journal; Force = $true })
            $running = $shell.BeginInvoke()
            Wait-Until { Test-Path $journal }
            $failure = { Revoke-RsUserSession $members[1].id -Confirm:$false -JournalPath $journal } | Should -Throw -PassThru
            "$failure" | Should -BeLike '*another run is writing to it*'
            $shell.EndInvoke($running).Status | Should -Be Revoked
        }
        finally {
            Close-Shell $shell
            $null = Set-Emulator $emulator latency @{ ms = 0 }
        }
    }

    It 'lets a run that was killed be taken up again' -Skip:$IsWindows {
        $null = Set-Emulator $emulator latency @{ ms = 100 }
        $script = @"
Import-Module '$env:REVOKESESSION_MODULE'
`$secret = ConvertTo-SecureString '$($emulator.clientSecret)' -AsPlainText -Force
Connect-RsGraph -TenantId $($emulator.tenantId) -ClientSecretCredential ([pscredential]::new('$($emulator.clientId)', `$secret)) -GraphEndpoint $($emulator.graph) -AuthorityHost $($emulator.authority)
'$($members.id -join ',')'.Split(',') | Revoke-RsUserSession -Confirm:`$false -ThrottleLimit 1 -JournalPath '$journal'
"@
        $start = [System.Diagnostics.ProcessStartInfo]::new([System.Environment]::ProcessPath)
        '-NoProfile', '-NonInteractive', '-Command', $script | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $process = [System.Diagnostics.Process]::Start($start)
        Wait-Until { (Get-State).distinctRevoked -gt 40 }
        $process.Kill()
        $process.WaitForExit()
        # A line that was cut in the middle, as a machine that lost its power leaves it.
        Add-Content $journal '{"type":"outcome","run":"0a93' -NoNewline
        $null = Set-Emulator $emulator latency @{ ms = 0 }
        $results = @($members.id | Revoke-RsUserSession -Confirm:$false -JournalPath $journal -WarningVariable warnings -WarningAction SilentlyContinue)
        $results.Count | Should -Be $members.Count
        $results.Status | Sort-Object -Unique | Should -Be Revoked, Skipped
        "$warnings" | Should -BeLike '*torn*'
        (Get-State).distinctRevoked | Should -Be $members.Count
        # Only whose outcome was not on disk was revoked twice: one batch at most.
        (Get-State).duplicateRevocations | Should -BeLessOrEqual 20
        @(Read-Line $journal | Where-Object type -EQ run).Count | Should -Be 2
    }
}
