using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Chat;

public class FileTextTests
{
    [Fact]
    public void Any_text_in_any_of_its_encodings_is_read_as_it_was() =>
        Prop.ForAll<NonNull<string>>(given =>
            {
                var text = new string([.. given.Get.Where(one => one != '\0' && !char.IsSurrogate(one) && one != '\uFEFF')]);
                Assert.Equal(text, FileText.Of(Encoding.UTF8.GetBytes(text))?.Content);
                foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
                {
                    Assert.Equal(text, FileText.Of([.. encoding.GetPreamble(), .. encoding.GetBytes(text)])?.Content);
                }
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_are_text_or_not_and_never_throw() =>
        Prop.ForAll<byte[]>(bytes =>
            {
                FileText.Of(bytes ?? []);
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_parts_of_a_text_join_to_the_whole() =>
        Prop.ForAll<string[], PositiveInt>(
                (lines, cut) =>
                {
                    var file = new FileText(string.Join('\n', (lines ?? []).Select(line => line ?? "")), null);
                    if (file.Lines < 2)
                    {
                        return;
                    }

                    var middle = 1 + cut.Get % (file.Lines - 1);
                    Assert.Equal(file.Content, file.Part(new LineRange(1, middle)) + file.Part(new LineRange(middle + 1, file.Lines)));
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("", 0), InlineData("a", 1), InlineData("a\n", 1), InlineData("a\nb", 2), InlineData("\n\n", 2)]
    public void Lines_are_counted_as_an_editor_does(string text, int lines) => Assert.Equal(lines, new FileText(text, null).Lines);

    [Fact]
    public void Latin_1_text_is_decoded_and_reported()
    {
        var file = FileText.Of(Encoding.Latin1.GetBytes("Größe: 5 €".Replace("€", "¤", StringComparison.Ordinal)));
        Assert.Equal("Größe: 5 ¤", file?.Content);
        Assert.Contains("Latin-1", file?.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_is_not_text() => Assert.Null(FileText.Of([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0]));

    [Theory]
    [
        InlineData("a.cs", "", "csharp"),
        InlineData("Dockerfile", "", "dockerfile"),
        InlineData("x/y.test.TSX", "", "typescriptreact"),
        InlineData("noidea", "plain", null)
    ]
    [
        InlineData("tool", "#!/usr/bin/env -S python3 -u\nprint()", "python"),
        InlineData("run", "#!/bin/bash", "shellscript"),
        InlineData("run", "#!", null)
    ]
    public void The_language_comes_from_the_name_or_the_first_line(string path, string text, string? language) =>
        Assert.Equal(language, FileLanguages.Of(path, text));

    [Fact]
    public void A_summary_has_the_beginning_the_outline_and_the_end_with_their_numbers()
    {
        var lines = Enumerable
            .Range(1, 1000)
            .Select(at =>
                at switch
                {
                    1 => "using System;",
                    500 => "    public void Important()",
                    1000 => "// the end",
                    _ => $"        x += {at};",
                }
            );
        var summary = FileSummary.Of(new FileText(string.Join('\n', lines), null));
        Assert.Contains("A summary of 1000 lines.", summary, StringComparison.Ordinal);
        Assert.Contains("1: using System;", summary, StringComparison.Ordinal);
        Assert.Contains("500:     public void Important()", summary, StringComparison.Ordinal);
        Assert.Contains("1000: // the end", summary, StringComparison.Ordinal);
        Assert.DoesNotContain("x += 400;", summary, StringComparison.Ordinal);
        Assert.InRange(summary.Length, 500, 4_000);
    }
}
