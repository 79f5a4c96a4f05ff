using System.Text;
using Plue.Server.Providers.Bedrock;

namespace Plue.Server.Tests.Providers.Bedrock;

/// <summary>The signatures that AWS publishes for its test requests.</summary>
public class AwsSignatureTests
{
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string PlainHeaders = "host:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n";

    private static readonly AwsKeys SuiteKeys = new(
        "AKIDEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        null,
        "the keys of the suite",
        "None."
    );
    private static readonly DateTimeOffset SuiteTime = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    /// <summary>
    /// Name, method, path, query, headers except host and date, body, canonical request (null if only the signature is published), signature.
    /// </summary>
    public static TheoryData<string, string, string, string, string[], string, string?, string> Suite =>
        new()
        {
            {
                "get-vanilla",
                "GET",
                "/",
                "",
                [],
                "",
                "GET\n/\n\n" + PlainHeaders + EmptyHash,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            },
            {
                "get-vanilla-query-order-key-case",
                "GET",
                "/",
                "Param2=value2&Param1=value1",
                [],
                "",
                "GET\n/\nParam1=value1&Param2=value2\n" + PlainHeaders + EmptyHash,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            },
            {
                "get-vanilla-empty-query-key",
                "GET",
                "/",
                "Param1=value1",
                [],
                "",
                null,
                "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"
            },
            {
                "get-vanilla-utf8-query",
                "GET",
                "/",
                "ሴ=bar",
                [],
                "",
                "GET\n/\n%E1%88%B4=bar\n" + PlainHeaders + EmptyHash,
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
            },
            {
                "get-utf8",
                "GET",
                "/ሴ",
                "",
                [],
                "",
                "GET\n/%E1%88%B4\n\n" + PlainHeaders + EmptyHash,
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
            },
            {
                "get-space",
                "GET",
                "/example space/",
                "",
                [],
                "",
                "GET\n/example%20space/\n\n" + PlainHeaders + EmptyHash,
                "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"
            },
            {
                "get-relative",
                "GET",
                "/example/..",
                "",
                [],
                "",
                "GET\n/\n\n" + PlainHeaders + EmptyHash,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            },
            {
                "get-relative-relative",
                "GET",
                "/example1/example2/../..",
                "",
                [],
                "",
                null,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            },
            { "get-slash", "GET", "//", "", [], "", null, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
            { "get-slash-dot-slash", "GET", "/./", "", [], "", null, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
            {
                "get-slash-pointless-dot",
                "GET",
                "/./example",
                "",
                [],
                "",
                "GET\n/example\n\n" + PlainHeaders + EmptyHash,
                "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"
            },
            {
                "get-slashes",
                "GET",
                "//example//",
                "",
                [],
                "",
                "GET\n/example/\n\n" + PlainHeaders + EmptyHash,
                "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"
            },
            {
                "get-header-value-trim",
                "GET",
                "/",
                "",
                ["My-Header1: value1", "My-Header2: \"a   b   c\" "],
                "",
                "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value1\nmy-header2:\"a b c\"\nx-amz-date:20150830T123600Z\n\nhost;my-header1;my-header2;x-amz-date\n"
                    + EmptyHash,
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
            },
            {
                "post-vanilla",
                "POST",
                "/",
                "",
                [],
                "",
                "POST\n/\n\n" + PlainHeaders + EmptyHash,
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
            },
            {
                "post-x-www-form-urlencoded",
                "POST",
                "/",
                "",
                ["Content-Type:application/x-www-form-urlencoded"],
                "Param1=value1",
                "POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n"
                    + "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
            },
        };

    [Theory]
    [MemberData(nameof(Suite))]
    public void A_published_request_gets_its_published_signature(
        string name,
        string method,
        string path,
        string query,
        string[] headers,
        string body,
        string? canonical,
        string signature
    )
    {
        (string, string)[] all =
        [
            ("Host", "example.amazonaws.com"),
            ("X-Amz-Date", "20150830T123600Z"),
            .. headers.Select(header => (header[..header.IndexOf(':')], header[(header.IndexOf(':') + 1)..])),
        ];
        var signed = AwsSignature.Of(
            new AwsRequest(method, path, query, all, Encoding.UTF8.GetBytes(body)),
            SuiteKeys,
            "us-east-1",
            "service",
            SuiteTime
        );
        if (canonical is not null)
        {
            Assert.Equal(canonical, signed.CanonicalRequest);
        }
        Assert.True(signature == signed.Signature, $"{name}:\n{signed.CanonicalRequest}");
    }

    [Fact]
    public void The_signed_text_contains_time_scope_and_request()
    {
        var signed = AwsSignature.Of(
            new AwsRequest("GET", "/", "", [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")], default),
            SuiteKeys,
            "us-east-1",
            "service",
            SuiteTime
        );
        Assert.Equal(
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\nbb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
            signed.StringToSign
        );
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
                + "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            signed.Authorization
        );
    }

    [Fact]
    public void A_call_of_Bedrock_is_signed_with_its_colon_escaped_once_more()
    {
        var body = """{"a":1}"""u8.ToArray();
        var signed = AwsSignature.Of(
            new AwsRequest(
                "POST",
                "/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/invoke-with-response-stream",
                "",
                [
                    ("content-type", "application/json"),
                    ("host", "bedrock-runtime.us-east-1.amazonaws.com"),
                    ("x-amz-content-sha256", AwsSignature.HashOf(body)),
                    ("x-amz-date", "20261121T000000Z"),
                ],
                body
            ),
            new AwsKeys("AKID", "SECRET", null, "", ""),
            "us-east-1",
            "bedrock",
            new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero)
        );
        Assert.Contains("/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke", signed.CanonicalRequest);
        Assert.Equal("25a39ebac55adb029e360ecefec276890dd35a6b781ee1bf50b0cd15f3c8a08e", signed.Signature);
    }

    [Fact]
    public void Keys_do_not_print_themselves() => Assert.Equal("***", SuiteKeys.ToString());
}
