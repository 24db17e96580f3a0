#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 400
    $cast = Get-Emulator $emulator cast
    $members = @(Get-Emulator $emulator 'users?kind=member')
    $unknownId = '00000000-1111-2222-3333-444444444444'
    Connect-Emulator $emulator

    function New-JournalPath { Join-Path $TestDrive "$([guid]::NewGuid()).jsonl" }

    # Revokes with a journal, and gives the results.
    function Invoke-Journaled($Users, [string] $Path, [hashtable] $Parameters = @{}) {
        $Users | Revoke-RsUserSession -Confirm:$false -JournalPath $Path @Parameters -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
    }

    # A journal whose run was killed when some of its users were done.
    function New-CutOffJournal($Users) {
        $path = New-JournalPath
        $null = Set-Emulator $emulator latency @{ ms = 200 }
        $start = [System.Diagnostics.ProcessStartInfo]::new([System.Environment]::ProcessPath)
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $script = @"
            Import-Module `$env:REVOKESESSION_MODULE
            `$secret = ConvertTo-SecureString '$($emulator.clientSecret)' -AsPlainText -Force
            Connect-RsGraph -TenantId $($emulator.tenantId) -ClientSecretCredential ([pscredential]::new('$($emulator.clientId)', `$secret)) -GraphEndpoint $($emulator.graph) -AuthorityHost $($emulator.authority)
            '$($Users.id -join ',')'.Split(',') | Revoke-RsUserSession -Force -ThrottleLimit 1 -JournalPath '$path' | ForEach-Object { 'told' }
"@
        foreach ($argument in '-NoProfile', '-NonInteractive', '-Command', $script) {
            $start.ArgumentList.Add($argument)
        }
        $process = [System.Diagnostics.Process]::Start($start)
        try {
            $process.StandardOutput.ReadLine() | Should -Be told
        }
        finally {
            $process.Kill()
            $process.WaitForExit()
            $null = Set-Emulator $emulator latency @{ ms = 0 }
        }
        $path
    }

    # What reading gives, with its errors and warnings.
    function Read-Journal([hashtable] $Parameters) {
        $entries = @(Get-RsJournal @Parameters -ErrorVariable problems -WarningVariable warnings -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        [pscustomobject]@{ Entries = $entries; Errors = @($problems); Warnings = @($warnings) }
    }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'Get-RsJournal' {
    BeforeEach { Reset-Emulator $emulator }

    It 'gives back what the run told, and of which run it was' {
        $path = New-JournalPath
        $users = @($members[0..30].id) + $cast.guest.upn + $unknownId + '../me'
        $results = Invoke-Journaled $users $path @{ Verify = $true }
        $entries = @(Get-RsJournal $path)
        $entries.Count | Should -Be $users.Count
        $entries | ForEach-Object { $_ | Should -BeOfType RevokeSession.JournalEntry }
        $names = [RevokeSession.RevocationResult].GetProperties().Name
        foreach ($result in $results) {
            # What names nobody has no name in the journal.
            $named = $result.ErrorCode -ne 'InvalidUserId'
            $entry = @($entries | Where-Object { $_.Message -eq $result.Message -and (-not $named -or $_.UserId -eq $result.UserId) })
            $entry.Count | Should -Be 1
            foreach ($name in $names | Where-Object { $named -or $_ -notlike 'User*' }) {
                "$($entry.$name)" | Should -Be "$($result.$name)" -Because $name
            }
        }
        $entries.RunId | Select-Object -Unique | Should -HaveCount 1
        $entries.TenantId | Select-Object -Unique | Should -Be $emulator.tenantId
        $entries[0].Account | Should -Be (Get-RsContext).Account
        $entries[0].ModuleVersion | Should -Be (Get-Module RevokeSession).Version
        $entries[0].Timestamp | Should -BeOfType System.DateTimeOffset
        ($entries | Where-Object Status -EQ Revoked).Verified | Select-Object -Unique | Should -BeTrue
    }

    It 'needs no sign-in' {
        $path = New-JournalPath
        $null = Invoke-Journaled $cast.adele.id $path
        $other = New-Shell
        try {
            (Invoke-Shell $other 'Get-RsJournal $args[0]' $path).Output.Status | Should -Be Revoked
        }
        finally {
            Close-Shell $other
        }
    }

    It 'tells of users whose run was killed before their outcome was known' {
        $path = New-CutOffJournal $members[0..119]
        $entries = @(Get-RsJournal $path)
        $known, $open = $entries.Where({ $_.Status -eq 'Revoked' }, 'Split')
        $known.Count | Should -BeGreaterThan 0
        $open.Count | Should -BeGreaterThan 0
        $open.Status | Select-Object -Unique | Should -Be Unknown
        $open.ErrorCode | Select-Object -Unique | Should -Be OutcomeUnknown
        $open.Note | Select-Object -Unique | Should -BeLike '*ended before*known*'
        $open.Value | Select-Object -Unique | Should -BeFalse
        ($entries.UserId | Select-Object -Unique).Count | Should -Be $entries.Count

        # They go on where the run was cut off.
        $again = @($open | Revoke-RsUserSession -Confirm:$false -JournalPath $path -WarningAction SilentlyContinue)
        $again.Count | Should -Be $open.Count
        $again.Status | Select-Object -Unique | Should -Be Revoked
        $latest = @(Get-RsJournal $path -Latest)
        $latest.Count | Should -Be $entries.Count
        $latest.Status | Select-Object -Unique | Should -Be Revoked
        @(Get-RsJournal $path).Count | Should -Be ($entries.Count + $open.Count)
    }

    It 'gives with -Latest the last word on each user, which no skipping hides' {
        $path = New-JournalPath
        $null = Set-Emulator $emulator faults @{ on = 'revoke'; user = $members[1].id; times = 1; effect = @{ answer = @{ status = 403 } } }
        $first = Invoke-Journaled $members[0..4].id $path
        $second = Invoke-Journaled $members[1..5].id $path
        $second.Status | Should -Contain Skipped
        $third = Invoke-Journaled ([pscustomobject]@{ Id = $members[0].id; UserPrincipalName = $members[0].userPrincipalName }) $path
        $third.Status | Should -Be Skipped
        (Invoke-Journaled $members[0].userPrincipalName $path).Status | Should -Be Revoked
        $latest = @(Get-RsJournal $path -Latest)
        $latest.Count | Should -Be 6
        $latest.Status | Select-Object -Unique | Should -Be Revoked
        ($latest | Where-Object UserId -EQ $members[4].id).Timestamp | Should -Be ($first | Where-Object UserId -EQ $members[4].id).Timestamp
        @(Get-RsJournal $path).Count | Should -Be 12
    }

    It 'leaves out a torn line with a warning, and repairs nothing' {
        $path = New-JournalPath
        $null = Invoke-Journaled $members[0..2].id $path
        [System.IO.File]::AppendAllText($path, '{"type":"intent","run":"')
        $before = (Get-FileHash $path).Hash
        $read = Read-Journal @{ Path = $path }
        $read.Entries.Count | Should -Be 3
        $read.Errors | Should -BeNullOrEmpty
        $read.Warnings.Count | Should -Be 1
        "$($read.Warnings)" | Should -BeLike '*torn*24 bytes*'
        (Get-FileHash $path).Hash | Should -Be $before
    }

    It 'ends with one clear error: <Case>' -ForEach @(
        @{ Case = 'no file'; Text = $null; Id = 'JournalNotFound'; Category = 'ObjectNotFound'; Told = '*no journal*' }
        @{ Case = 'another kind of file'; Text = 'to whom it may concern'; Id = 'JournalUnavailable'; Category = 'ResourceUnavailable'; Told = '*line 1 is not*' }
        @{ Case = 'a newer schema'; Text = '{"type":"run","schema":9,"run":"00000000-0000-0000-0000-000000000000","at":"2026-11-21T10:00:00Z","moduleVersion":"9","environment":"Global","graphEndpoint":"x","authType":"AppOnly"}' + "`n"; Id = 'JournalUnavailable'; Category = 'ResourceUnavailable'; Told = '*version 9*' }
    ) {
        $path = New-JournalPath
        if ($null -ne $Text) { [System.IO.File]::WriteAllText($path, $Text) }
        $good = New-JournalPath
        $null = Invoke-Journaled $cast.adele.id $good
        foreach ($latest in $false, $true) {
            $read = Read-Journal @{ Path = $path, $good; Latest = $latest }
            $read.Entries.Count | Should -Be 1
            $read.Errors.Count | Should -Be 1
            Get-ErrorId $read.Errors[0] | Should -Be $Id
            $read.Errors[0].CategoryInfo.Category | Should -Be $Category
            "$($read.Errors[0])" | Should -BeLike $Told
            "$($read.Errors[0])" | Should -BeLike "*$path*"
            $read.Errors[0].TargetObject | Should -Be $path
            $read.Errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        }
    }

    It 'gives what stands before a corrupt line, and then the error' {
        $path = New-JournalPath
        $null = Invoke-Journaled $members[0..2].id $path
        $lines = Get-Content $path
        ($lines + 'garbage' + $lines[-1]) | Set-Content $path
        $read = Read-Journal @{ Path = $path }
        $read.Entries.Count | Should -Be 3
        $read.Errors.Count | Should -Be 1
        "$($read.Errors[0])" | Should -BeLike "*line $($lines.Count + 1) is not*"
    }

    It 'takes files from the pipeline, by wildcard, and by a name that has wildcards in it' {
        $folder = New-Item (Join-Path $TestDrive many) -ItemType Directory
        foreach ($n in 0..2) {
            $null = Invoke-Journaled $members[$n].id (Join-Path $folder "$n.jsonl")
        }
        (Get-ChildItem $folder | Get-RsJournal).UserId | Should -Be $members[0..2].id
        (Get-ChildItem $folder | ForEach-Object FullName | Get-RsJournal).UserId | Should -Be $members[0..2].id
        (Get-RsJournal (Join-Path $folder *.jsonl)).UserId | Should -Be $members[0..2].id
        ([pscustomobject]@{ JournalPath = Join-Path $folder 1.jsonl } | Get-RsJournal).UserId | Should -Be $members[1].id
        [System.IO.File]::Copy((Join-Path $folder 2.jsonl), (Join-Path $folder '[0].jsonl'))
        (Get-RsJournal -JournalPath (Join-Path $folder '[0].jsonl')).UserId | Should -Be $members[2].id
    }

    It 'works while a run is writing' {
        $path = New-JournalPath
        $null = Set-Emulator $emulator latency @{ ms = 150 }
        $other = New-Shell $emulator
        try {
            $users = @($members[0..199].id)
            $running = $other.AddScript('param($users, $path) $users | Revoke-RsUserSession -Force -ThrottleLimit 1 -JournalPath $path').AddArgument($users).AddArgument($path).BeginInvoke()
            Wait-Until { (Test-Path $path) -and (Get-Item $path).Length -gt 9000 }
            $read = Read-Journal @{ Path = $path }
            $running.IsCompleted | Should -BeFalse
            $read.Errors + $read.Warnings | Should -BeNullOrEmpty
            $open = @($read.Entries | Where-Object Status -EQ Unknown)
            $open.Count | Should -BeGreaterThan 0
            $open.Note | Select-Object -Unique | Should -BeLike '*still going on*'
            $results = @($other.EndInvoke($running))
            $results.Status | Select-Object -Unique | Should -Be Revoked
            @(Get-RsJournal $path).Count | Should -Be 200
        }
        finally {
            $null = Set-Emulator $emulator latency @{ ms = 0 }
            Close-Shell $other
        }
    }

    It 'follows Select-Object -First, and lets the file go' {
        $path = New-JournalPath
        $null = Invoke-Journaled $members[0..50].id $path
        (Get-RsJournal $path | Select-Object -First 2).Count | Should -Be 2
        Remove-Item $path
        Test-Path $path | Should -BeFalse
    }

    It 'is shown as a table with time, user and status, and whole as a list' {
        $path = New-JournalPath
        $null = Invoke-Journaled $cast.adele.upn $path
        $table = Get-RsJournal $path | Out-String -Width 200
        $table | Should -Match '(?m)^When\s+User\s+Status\s+Note'
        $table | Should -Match '(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d adele@contoso.com\s+Revoked'
        $list = Get-RsJournal $path | Format-List | Out-String
        foreach ($name in 'UserId', 'RequestId', 'RunId', 'Account', 'TenantId', 'ModuleVersion') {
            $list | Should -Match "(?m)^$name\s+:"
        }
    }
}
