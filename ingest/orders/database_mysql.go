package orders

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mysqlServer is a server of MySQL or MariaDB.
type mysqlServer struct{ config *mysql.Config }

func locateMySQL(dsn string) (server, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	// Whatever the DSN asks for: one statement, text as UTF-8, times as text.
	config.MultiStatements, config.AllowAllFiles, config.ParseTime = false, false, false
	config.Logger = &mysql.NopLogger{}
	if err := config.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, err
	}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["time_zone"] = "'+08:00'" // in which the server prints a TIMESTAMP
	return &mysqlServer{config}, nil
}

func (s *mysqlServer) secret() string { return s.config.Passwd }

func (s *mysqlServer) ask(ctx context.Context, query string, limit time.Duration) (answer, error) {
	connector, err := mysql.NewConnector(s.config)
	if err != nil {
		return nil, err
	}
	a := &mysqlAnswer{db: sql.OpenDB(connector)}
	a.db.SetMaxOpenConns(1)
	if err := a.begin(ctx, query, limit); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

type mysqlAnswer struct {
	db     *sql.DB
	conn   *sql.Conn
	tx     *sql.Tx
	rows   *sql.Rows
	types  []*sql.ColumnType
	values []sql.RawBytes
	into   []any // pointers to values
	ended  error
}

func (a *mysqlAnswer) begin(ctx context.Context, query string, limit time.Duration) (err error) {
	if a.conn, err = a.db.Conn(ctx); err != nil {
		return err
	}
	// The server's own clock stops what goes on after we have gone. MariaDB knows
	// the one variable, in seconds, MySQL the other, in milliseconds.
	limit += 5 * time.Second
	if _, err := a.conn.ExecContext(ctx, fmt.Sprintf("SET SESSION max_statement_time = %d", int64(limit/time.Second))); err != nil {
		_, _ = a.conn.ExecContext(ctx, fmt.Sprintf("SET SESSION max_execution_time = %d", limit.Milliseconds()))
	}
	if a.tx, err = a.conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}); err != nil {
		return err
	}
	if a.rows, err = a.tx.QueryContext(ctx, query); err != nil {
		return err
	}
	if a.types, err = a.rows.ColumnTypes(); err != nil {
		return err
	}
	a.values = make([]sql.RawBytes, len(a.types))
	for i := range a.values {
		a.into = append(a.into, &a.values[i])
	}
	return nil
}

func (a *mysqlAnswer) columns() []answerColumn {
	columns := make([]answerColumn, len(a.types))
	for i, t := range a.types {
		_, decimals, _ := t.DecimalSize()
		columns[i] = mysqlColumn(t.Name(), t.DatabaseTypeName(), decimals)
	}
	return columns
}

func mysqlColumn(name, typeName string, decimals int64) answerColumn {
	c := answerColumn{name: name, typeName: typeName}
	switch plain := strings.TrimPrefix(typeName, "UNSIGNED "); plain {
	case "CHAR", "VARCHAR", "TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "ENUM", "SET", "NULL":
		c.class = textValue
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT":
		c.class = integerValue
	case "DECIMAL":
		c.class = exactValue
		if decimals == 0 {
			c.typeName, c.class = "DECIMAL without decimals", integerValue
		}
	case "FLOAT", "DOUBLE":
		c.class = floatValue
	case "TIMESTAMP":
		c.class = zonedTime
	case "DATETIME":
		c.class = plainTime
	case "DATE":
		c.class = dateValue
	case "BIT", "BINARY", "VARBINARY", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB":
		c.class = binaryValue
	}
	return c
}

func (a *mysqlAnswer) next() bool {
	if a.rows.Next() {
		a.ended = a.rows.Scan(a.into...)
		return a.ended == nil
	}
	a.ended = a.rows.Err()
	return false
}

func (a *mysqlAnswer) cell(i int) []byte { return a.values[i] }
func (a *mysqlAnswer) failure() error    { return a.ended }

// close ends the connection; the transaction is read only, so nothing is lost.
func (a *mysqlAnswer) close() {
	if a.rows != nil {
		a.rows.Close()
	}
	if a.tx != nil {
		_ = a.tx.Rollback()
	}
	if a.conn != nil {
		a.conn.Close()
	}
	a.db.Close()
}
