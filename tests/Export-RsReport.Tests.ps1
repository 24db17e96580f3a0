#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/common.ps1
    $emulator = Start-Emulator -Users 400
    $cast = Get-Emulator $emulator cast
    $members = @(Get-Emulator $emulator 'users?kind=member')
    $unknownId = '00000000-1111-2222-3333-444444444444'
    $hostile = '<img src=x onerror=alert(1)>@contoso.com', '"&''<>@contoso.com', '</td><script>alert(1)</script>@x.com'.Replace('/', "`u{2044}")
    Connect-Emulator $emulator

    # A journal of everything: revoked and proven users, a guest, refusals, hostile names, and a second run.
    $journal = Join-Path $TestDrive journal.jsonl
    $quiet = @{ Confirm = $false; JournalPath = $journal; ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
    $null = Set-Emulator $emulator faults @{ on = 'revoke'; user = $members[3].id; effect = @{ answer = @{ status = 403; body = @{ error = @{ code = 'Authorization_RequestDenied'; message = 'Not "you" & not <b>now</b>' } } } } }
    $users = @($members[0..49].id) + $cast.guest.upn + $unknownId + '../me' + $hostile
    $null = $users | Revoke-RsUserSession -Verify @quiet
    $null = $members[45..54].id | Revoke-RsUserSession @quiet

    # Writes a report, and reads it as text and as XML.
    function Export-Page([string] $Journal, [hashtable] $Parameters = @{}) {
        $path = Join-Path $TestDrive "$([guid]::NewGuid()).html"
        Export-RsReport -JournalPath $Journal -OutputPath $path @Parameters -WarningAction SilentlyContinue
        $text = [System.IO.File]::ReadAllText($path)
        [pscustomobject]@{ Path = $path; Text = $text; Xml = [xml]$text; Told = ([xml]$text).OuterXml -replace '<[^>]*>', ' ' }
    }

    function Get-Failure([scriptblock] $Script) {
        try { & $Script } catch { return $_ }
        throw 'There was no error.'
    }
}

AfterAll {
    Disconnect-RsGraph
    Stop-Emulator $emulator
}

Describe 'The page' {
    BeforeAll {
        $page = Export-Page $journal @{ Title = 'Incident <4711> & "more"' }
        $rows = @($page.Xml.SelectNodes("//table[@class='users']/tbody/tr"))
    }

    It 'is whole, has a language, and is well-formed' {
        $page.Xml.html.lang | Should -Be en
        $page.Text | Should -BeLike '<!DOCTYPE html>*</html>*'
    }

    It 'needs nothing but itself, and forbids everything else' {
        $page.Text | Should -Not -Match '<script|<link|<iframe|<object|<base|<form|@import|javascript:'
        $page.Text | Should -Not -Match '\b(src|srcset|href|action|data|poster|background)\s*=\s*"'
        [regex]::Matches($page.Text, 'url\([^)]*\)').Value | Select-Object -Unique | Should -Be 'url(#hatch)'
        $policy = $page.Xml.SelectSingleNode("//meta[@http-equiv='Content-Security-Policy']").content
        $policy | Should -Be "default-src 'none'; style-src 'unsafe-inline'"
    }

    It 'shows every user once' {
        foreach ($user in $members[0..54]) {
            @($rows | Where-Object InnerText -Like "*$($user.id)*").Count | Should -Be 1
        }
        $rows.Count | Should -Be ($users.Count + 5)
    }

    It 'shows hostile names as text' {
        $page.Xml.SelectNodes('//img').Count | Should -Be 0
        foreach ($name in $hostile) {
            $journaled = @(Get-RsJournal $journal -Latest | Where-Object { $_.UserPrincipalName -eq $name -or "$($_.Message)".Contains($name) })
            $journaled.Count | Should -Be 1 -Because $name
            @($rows | Where-Object { $_.InnerText.Contains($name) }).Count | Should -Be 1 -Because $name
        }
        $page.Text | Should -Not -BeLike '*<b>now</b>*'
        $page.Xml.SelectSingleNode('//h1').InnerText | Should -Be 'Incident <4711> & "more"'
        $page.Xml.html.head.title | Should -Be 'Incident <4711> & "more"'
    }

    It 'counts as the journal does' {
        $latest = @(Get-RsJournal $journal -Latest)
        $numbers = @{}
        foreach ($row in $page.Xml.SelectNodes("//section[@class='numbers']//tbody/tr[@class='whole']")) {
            $numbers[$row.SelectSingleNode('th').InnerText] = [int]$row.SelectSingleNode('td').InnerText
        }
        $numbers['Users in all'] | Should -Be $latest.Count
        $numbers['Revoked'] | Should -Be @($latest | Where-Object Status -EQ Revoked).Count
        $numbers['Skipped'] | Should -Be @($latest | Where-Object Status -EQ Skipped).Count
        $numbers['Not revoked'] | Should -Be @($latest | Where-Object Status -NotIn Revoked, Skipped).Count
        $page.Told | Should -BeLike "*proven by reading back*$(@($latest | Where-Object Verified).Count)*"
    }

    It 'says who did it, where and when' {
        $facts = $page.Xml.SelectSingleNode("//section[@class='facts']").InnerText
        $facts | Should -BeLike "*$($emulator.clientId)*"
        $facts | Should -BeLike "*$($emulator.tenantId)*"
        $facts | Should -BeLike "*$((Get-Module RevokeSession).Version)*"
        $entries = @(Get-RsJournal $journal)
        foreach ($run in $entries.RunId | Select-Object -Unique) {
            $page.Xml.SelectSingleNode("//section[contains(@class, 'runs')]").InnerText | Should -BeLike "*$run*"
        }
        $page.Xml.SelectNodes('//figure/svg').Count | Should -Be 2
    }

    It 'tells first what failed, with advice for each cause' {
        $order = @($page.Xml.SelectNodes('//h2').InnerText)
        $order.IndexOf('What is left to do') | Should -BeLessThan $order.IndexOf('Timeline')
        $order.IndexOf('What failed, and why') | Should -BeLessThan $order.IndexOf('Users who were revoked')
        foreach ($id in 'AccessDenied', 'UserNotFound', 'InvalidUserId') {
            $page.Xml.SelectSingleNode("//section[contains(@class, 'causes')]//code[. = '$id']") | Should -Not -BeNullOrEmpty
        }
        $page.Text | Should -BeLike '*User.RevokeSessions.All*Not &quot;you&quot; &amp; not &lt;b&gt;now&lt;/b&gt;*'
    }

    It 'tells the request id for Microsoft support, and the stamp' {
        $revoked = @(Get-RsJournal $journal -Latest | Where-Object Verified)[0]
        $row = $rows | Where-Object InnerText -Like "*$($revoked.UserId)*"
        $row.InnerText | Should -BeLike "*$($revoked.RequestId)*"
        $row.InnerText | Should -BeLike "*$($revoked.SessionsValidFrom.UtcDateTime.ToString('yyyy-MM-dd HH:mm:ss'))*"
    }

    It 'says what revoking does not do' {
        $page.Told | Should -BeLike '*access token*continuous access evaluation*guest*password*'
    }

    It 'has a header for every column and row' {
        foreach ($table in $page.Xml.SelectNodes('//table')) {
            $table.SelectSingleNode('caption') | Should -Not -BeNullOrEmpty
            $table.SelectNodes("thead/tr/th[@scope='col']").Count | Should -BeGreaterThan 1
            $table.SelectNodes("tbody/tr[not(th[@scope='row'])]").Count | Should -Be 0
        }
    }

    It 'is the same in every culture' {
        $line = '[cultureinfo]::CurrentCulture = $args[2]; Export-RsReport $args[0] $args[1] -Force; Get-Content $args[1] -Raw'
        $shell = New-Shell
        try {
            $pages = foreach ($culture in 'en-US', 'de-DE', 'ar-SA', 'th-TH') {
                (Invoke-Shell $shell $line $journal, (Join-Path $TestDrive culture.html), $culture).Output -replace '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', ''
            }
        }
        finally {
            Close-Shell $shell
        }
        $pages | Select-Object -Unique | Should -HaveCount 1
    }
}

Describe 'The page of a journal that is not whole' {
    It 'tells of users whose run was cut off, and of the torn line' {
        $cut = Join-Path $TestDrive cut.jsonl
        $lines = [System.IO.File]::ReadAllLines($journal)
        $known = 0
        $kept = foreach ($line in $lines) {
            $line
            if ($line -like '{"type":"outcome"*' -and ++$known -eq 20) { break }
        }
        [System.IO.File]::WriteAllText($cut, ($kept -join "`n") + "`n" + '{"type":"outc')
        $path = Join-Path $TestDrive cut.html
        Export-RsReport $cut $path -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*torn*'
        $open = @(Get-RsJournal $cut -WarningAction SilentlyContinue | Where-Object Note -Like '*ended before*')
        $open.Count | Should -BeGreaterThan 0
        $xml = [xml][System.IO.File]::ReadAllText($path)
        $xml.OuterXml | Should -BeLike '*torn*'
        $xml.OuterXml | Should -BeLike '*cut off after*'
        $unknown = @($xml.SelectNodes("//section[h3/code = 'OutcomeUnknown']//tbody/tr"))
        $unknown.Count | Should -Be $open.Count
    }

    It 'says that a run was still writing' {
        $live = Join-Path $TestDrive live.jsonl
        Copy-Item $journal $live
        $null = Set-Emulator $emulator faults @{ on = 'revoke'; effect = @{ hang_ms = 5000 } }
        $other = New-Shell $emulator
        try {
            $null = $other.AddScript('param($user, $path) $user | Revoke-RsUserSession -Force -JournalPath $path').AddArgument($members[60].id).AddArgument($live).BeginInvoke()
            $length = (Get-Item $live).Length
            Wait-Until { (Get-Item $live).Length -gt $length }
            (Export-Page $live).Text | Should -BeLike '*A run was still writing to the journal*'
        }
        finally {
            $other.Stop()
            Close-Shell $other
            Reset-Emulator $emulator
        }
    }
}

Describe 'Export-RsReport' {
    BeforeEach { $path = Join-Path $TestDrive "$([guid]::NewGuid()).html" }

    It 'gives nothing, and the file with -PassThru' {
        Export-RsReport $journal $path | Should -BeNullOrEmpty
        $file = Export-RsReport $journal $path -Force -PassThru
        $file | Should -BeOfType System.IO.FileInfo
        $file.FullName | Should -Be $path
        $file.Length | Should -BeGreaterThan 1000
    }

    It 'replaces no file without -Force' {
        Set-Content $path mine
        $failure = Get-Failure { Export-RsReport $journal $path -ErrorAction Stop }
        Get-ErrorId $failure | Should -Be ReportExists
        $failure.CategoryInfo.Category | Should -Be ResourceExists
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        Get-Content $path | Should -Be mine
        Export-RsReport $journal $path -Force
        Get-Content $path -TotalCount 1 | Should -Be '<!DOCTYPE html>'
    }

    It 'only says what it would do with -WhatIf, even with -Force' {
        Export-RsReport $journal $path -Force -WhatIf
        Test-Path $path | Should -BeFalse
    }

    It 'takes paths relative to where PowerShell is, and a journal by property' {
        Push-Location $TestDrive
        try {
            [pscustomobject]@{ JournalPath = './journal.jsonl' } | Export-RsReport -OutputPath relative.html
            Test-Path (Join-Path $TestDrive relative.html) | Should -BeTrue
        }
        finally {
            Pop-Location
        }
    }

    It 'ends with one clear error and leaves nothing behind: <Case>' -ForEach @(
        @{ Case = 'no journal'; Journal = 'none.jsonl'; Output = 'page.html'; Id = 'JournalNotFound'; Category = 'ObjectNotFound' }
        @{ Case = 'no journal at all'; Journal = 'other.txt'; Output = 'page.html'; Id = 'JournalUnavailable'; Category = 'ResourceUnavailable' }
        @{ Case = 'no folder'; Journal = 'journal.jsonl'; Output = 'nowhere/page.html'; Id = 'ReportNotWritten'; Category = 'WriteError' }
    ) {
        Set-Content (Join-Path $TestDrive other.txt) 'to whom it may concern', 'yours'
        $before = (Get-ChildItem $TestDrive -Force).Name
        Export-RsReport (Join-Path $TestDrive $Journal) (Join-Path $TestDrive $Output) -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.Count | Should -Be 1
        Get-ErrorId $problems[0] | Should -Be $Id
        $problems[0].CategoryInfo.Category | Should -Be $Category
        (Get-ChildItem $TestDrive -Force).Name | Should -Be $before
    }
}
